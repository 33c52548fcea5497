/**
 * A first copy to a folder: its metadata are noted, then copied by rsync into a folder of the copy that is no part of it
 * while another rsync copies the blobs, and at last moved to their places, a whole tree by one rename.
 *
 * Only what is the same before the blobs and after them is moved: it was so all the while, when rsync read it too, and
 * what it names could not be purged before it was copied. So nothing has to be kept aside.
 */
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MARKER } from '../backup-path/layout';
import { Problem } from '../failures';
import { HOLDING, remotePath } from '../rsync/arguments';
import type { PassResult } from './model';
import { NameList, readNames } from './name-list';
import { currentNote, FOLDER, HELD } from './noting';
import { copyBlobs, ends, LEFT_OUT, nothing, pass } from './passes';
import type { CopyPlace } from './place';
import { holdingOf } from './remove-tree';
import { dress } from './stage';
import type { SyncContext } from './sync-context';
import { absolute, Breather } from './walk';

/** Blobs into the copy and metadata beside it, at a time; one after the other where the pace is limited. */
export async function copyBoth(context: SyncContext): Promise<PassResult[]> {
  if (context.transport.bandwidthLimit !== null)
    return [await holdMetadata(context), await copyBlobs(context, true)];
  const stop = new AbortController();
  const failures: unknown[] = [];
  const together = { ...context, signal: AbortSignal.any([context.signal, stop.signal]) };
  const one = async (run: Promise<PassResult>): Promise<PassResult | null> =>
    run.catch((error: unknown) => {
      failures.push(error);
      stop.abort();
      return null;
    });
  const results = await Promise.all([
    // there is one line of progress, and the blobs take longest
    one(holdMetadata({ ...together, onProgress: () => undefined })),
    one(copyBlobs(together, true)),
  ]);
  if (failures.length > 0) throw failures[0];
  return results.filter((result) => result !== null);
}

/** Whatever is half there when it is stopped is done again, or removed: nothing of it has its place yet. */
async function holdMetadata(context: SyncContext): Promise<PassResult> {
  mkdirSync(holdingOf(context.place), { recursive: true, mode: 0o700 });
  return pass(context, 'sending metadata', {
    ...ends(context),
    to: remotePath(context.transport, `${HOLDING}/`),
    ...{
      scope: 'metadata',
      rules: [`--exclude=/${MARKER}`],
      checksum: context.request.input.checksum,
      small: true,
      inPlace: true,
      progress: true,
    },
  });
}

/**
 * Moves what is as it was noted to its place. The rest is left out, and so is, when this is done again, what was moved
 * before: it is staged then.
 */
export async function placeMetadata(context: SyncContext): Promise<PassResult> {
  const { source, place, signal } = context;
  const holding = holdingOf(place);
  const leftOut = new NameList(join(place.workDir, LEFT_OUT));
  const breather = new Breather(signal);
  let folder: string | null = null;
  try {
    for await (const fields of readNames(join(place.workDir, HELD))) {
      for (const field of fields) {
        if (folder === null) folder = field;
        else {
          sift(source, holding, folder, field.split('/'), leftOut);
          folder = null;
          if (breather.isDue) await breather.breathe();
        }
      }
    }
  } finally {
    leftOut.close();
  }
  move(holding, place);
  dress(join(holding, '..'), lstatSync(source));
  return { ...nothing('placing metadata'), leftOut: leftOut.count };
}

/** Takes out of a folder that is held what is not as it was noted, and what was not there then. */
function sift(
  source: string,
  holding: string,
  folder: string,
  noted: readonly string[],
  leftOut: NameList,
): void {
  const within = folder === '.' ? '' : `${folder}/`;
  const held = namesIn(absolute(holding, folder));
  const drop = (base: string): void =>
    rmSync(absolute(holding, `${within}${base}`), { recursive: true, force: true });
  for (let at = 0; at + 1 < noted.length; at += 2) {
    const [base, before] = [noted[at] as string, noted[at + 1] as string];
    const name = `${within}${base}`;
    const isHeld = held.delete(base);
    if (isHeld && currentNote(source, name, before === FOLDER) === before) continue;
    leftOut.add(name);
    if (isHeld) drop(base);
  }
  for (const base of held) drop(base);
}

function namesIn(path: string | Buffer): Set<string> {
  try {
    return new Set(readdirSync(path, 'latin1'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}

/** Nothing is there yet but backup.json and the blobs. */
function move(holding: string, { destination }: CopyPlace): void {
  for (const base of namesIn(holding)) {
    try {
      renameSync(absolute(holding, base), absolute(join(holding, '..'), base));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const path = `${holding}/${base}`;
      const what = `${path} cannot be moved to its place (${code}). Start the same sync again: it takes another way.`;
      throw new Problem('SyncRefused', what, { destination }, { cause: error });
    }
  }
  rmSync(holding, { recursive: true, force: true });
}
