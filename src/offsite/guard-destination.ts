/** What must hold on the other side before anything is touched. */
import { mkdirSync, statfsSync } from 'node:fs';
import { z } from 'zod';
import { Problem } from '../failures';
import { counted, byteSize } from '../report/format';
import type { OtherSide } from './folder-side';
import type { CopyRecord } from './place';

const marker = z.object({ serverId: z.string(), serverName: z.string().optional() });

/**
 * Whose copy it is. @returns whether there is nothing yet
 * @throws Problem `DestinationOfOtherServer`, `DestinationOccupied`, `DestinationGone`
 */
export function guardOwner(
  where: string,
  side: OtherSide,
  serverId: string,
  known: CopyRecord | null,
  allowEmpty: boolean,
): boolean {
  if (side.marker !== null) {
    const found = readMarker(side.marker);
    if (found === null)
      throw new Problem('DestinationOccupied', `The backup.json at ${where} is not one that is understood.`);
    if (found.serverId === serverId) return false;
    const name = (found.serverName ?? found.serverId).slice(0, 200);
    throw new Problem('DestinationOfOtherServer', `${where} holds the copy of another server (${name}).`);
  }
  if (side.names.length > 0) {
    const example = side.names[0]?.slice(0, 100);
    const what = `${where} holds ${counted(side.names.length, 'name')} (such as ${example}) and no backup.json.`;
    throw new Problem('DestinationOccupied', what);
  }
  if (known !== null && !allowEmpty) {
    const what = `${where} was synced at ${known.lastSuccess ?? known.endedAt} and is ${side.exists ? 'empty' : 'not there'} now.`;
    throw new Problem('DestinationGone', what);
  }
  return true;
}

function readMarker(content: string): z.output<typeof marker> | null {
  try {
    return marker.parse(JSON.parse(content));
  } catch {
    return null;
  }
}

/** Makes the last folder of the path only: a volume that is not mounted must show. */
export function makeDestination(path: string): void {
  try {
    mkdirSync(path, { mode: 0o750 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST')
      throw new Problem('SyncRefused', `${path} cannot be made (${code}).`, { path }, { cause: error });
  }
}

/** Blocks and folders need some room beside the content. */
const MARGIN = 1.05;

/** @throws Problem `DestinationTooSmall` */
export function guardSpace(path: string, needed: { bytes: number; files: number }): void {
  const { bavail, bsize, ffree, files } = statfsSync(path);
  const free = bavail * bsize;
  const want = Math.ceil(needed.bytes * MARGIN);
  const short = free < want ? `${byteSize(want)} are needed and ${byteSize(free)} are free` : null;
  // some file systems make inodes as they need them, and say 0
  const few =
    files > 0 && ffree < needed.files ? `${needed.files} files are needed and ${ffree} can be made` : null;
  const what = short ?? few;
  if (what !== null)
    throw new Problem('DestinationTooSmall', `At ${path}, ${what}.`, { path, ...needed, free });
}

/** All that the file system of the source holds fits: the cheapest proof. */
export function surelyFits(source: string, destination: string): boolean {
  const from = statfsSync(source);
  const to = statfsSync(destination);
  const used = (from.blocks - from.bfree) * from.bsize;
  return to.bavail * to.bsize > used * MARGIN && (to.files === 0 || to.ffree > from.files - from.ffree);
}

interface DeletionLimits {
  readonly count: number;
  readonly percent: number;
}

/** @param inCopy files and folders of the copy */
export const allowedDeletions = (inCopy: number, { count, percent }: DeletionLimits): number =>
  Math.min(count, Math.floor((inCopy * percent) / 100));

/** How many may be deleted. @throws Problem `TooManyDeletions` */
export function guardDeletions(
  deletions: number,
  inCopy: number,
  { count, percent }: DeletionLimits,
): number {
  const allowed = allowedDeletions(inCopy, { count, percent });
  if (deletions <= allowed) return allowed;
  const share = inCopy === 0 ? 0 : Math.round((1000 * deletions) / inCopy) / 10;
  const what =
    `The sync would delete ${deletions} of ${inCopy} files and folders of the copy (${share} %); ` +
    `allowed are ${count} and ${percent} %. Nothing was changed.`;
  throw new Problem('TooManyDeletions', what, { deletions, inCopy, count, percent });
}
