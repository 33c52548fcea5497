/** The passes of a sync that bring something to the copy, in the order that keeps it whole: blobs, then metadata. */
import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { MARKER } from '../backup-path/layout';
import type { SyncPhaseName } from '../contracts/offsite-sync';
import { remotePath, type Run } from '../rsync/arguments';
import { parseChange, type RsyncStats } from '../rsync/output';
import { clearHolding, removeTree } from './remove-tree';
import { dropRevived } from './revived';
import type { PassResult } from './model';
import { listed, NameList, readNames } from './name-list';
import { noteOf, NOTES, STAGING } from './stage';
import { LISTS } from './lists';
import { sync, type SyncContext } from './sync-context';
import { absolute, Breather, isThere, statOf } from './walk';

/** Metadata whose source has changed since it was staged. */
export const LEFT_OUT = 'left-out.list';

/** Says whose copy this is before anything else is there: backup.json names no blob. */
export async function claim(context: SyncContext): Promise<PassResult> {
  const file = join(context.place.workDir, 'claim.list');
  const list = new NameList(file);
  list.add(listed(MARKER));
  list.close();
  return pass(context, 'claiming', { ...ends(context), filesFrom: file });
}

/** More names than that would take too much memory at once. */
const LIST_FIRST_LIMIT = 1_000_000;

/** @param first no blob is there yet, so whatever is listed is copied */
export const copyBlobs = (context: SyncContext, first: boolean): Promise<PassResult> =>
  pass(context, 'copying blobs', {
    ...ends(context),
    listFirst: first && mayListFirst(context),
    scope: 'blobs',
    checksum: context.request.input.checksum,
    progress: true,
  });

/** The file system of the source has few files in all; some do not count them. */
function mayListFirst({ source }: SyncContext): boolean {
  const { files, ffree } = statfsSync(source);
  return files > 0 && files - ffree <= LIST_FIRST_LIMIT;
}

/** Sends what was staged and has not changed since. The rest keeps its old state in the copy. */
export async function sendMetadata(context: SyncContext): Promise<PassResult> {
  await dropRevived(context);
  const { source, place, transport, signal } = context;
  const staging = join(place.workDir, STAGING);
  const leftOut = new NameList(join(place.workDir, LEFT_OUT));
  const breather = new Breather(signal);
  let kept = 0;
  try {
    for await (const [name, note] of readPairs(join(place.workDir, NOTES))) {
      // not there: an attempt before this one has left it out
      if (currentNote(source, name) === note && isThere(staging, name)) kept++;
      else {
        leftOut.add(name);
        // a list of what to send instead would cost rsync half as much again
        if (name !== '.') rmSync(absolute(staging, name), { recursive: true, force: true });
      }
      if (breather.isDue) await breather.breathe();
    }
  } finally {
    leftOut.close();
  }
  const run = { from: `${staging}/`, to: remotePath(transport), small: true, progress: true };
  const { checksum } = context.request.input;
  const result =
    kept === 0 ? nothing('sending metadata') : await pass(context, 'sending metadata', { ...run, checksum });
  return { ...result, leftOut: leftOut.count };
}

async function* readPairs(file: string): AsyncGenerator<[string, string]> {
  let name: string | null = null;
  for await (const fields of readNames(file)) {
    for (const field of fields) {
      if (name === null) name = field;
      else {
        yield [name, field];
        name = null;
      }
    }
  }
}

function currentNote(source: string, name: string): string | null {
  const stat = statOf(source, name);
  if (!stat) return null;
  return stat.isDirectory() ? 'folder' : noteOf(stat);
}

/** Removes what is only good for this sync. */
export async function tidy({ place }: Pick<SyncContext, 'place'>, keepPlan: boolean): Promise<void> {
  for (const name of keepPlan ? [STAGING] : [STAGING, LISTS.plan])
    await removeTree(join(place.workDir, name));
  if (!keepPlan) await clearHolding(place);
}

export const ends = ({ source, transport }: SyncContext): Pick<Run, 'from' | 'to'> => ({
  from: `${source}/`,
  to: remotePath(transport),
});

export async function pass(context: SyncContext, name: SyncPhaseName, run: Run): Promise<PassResult> {
  let deleted = 0;
  const { stats, seconds, vanished } = await sync(context, run, {
    what: name,
    onLine: (line) => {
      if (line.startsWith('*deleting') && parseChange(line)) deleted++;
    },
  });
  return { name, seconds, ...figures(stats), deleted, vanished, leftOut: 0 };
}

const figures = ({ transferred, sent, received, totalSize }: RsyncStats) => ({
  files: transferred,
  bytes: sent + received,
  totalSize,
});

export const nothing = (name: SyncPhaseName): PassResult => ({
  ...{ name, seconds: 0, files: 0, bytes: 0, deleted: 0 },
  ...{ totalSize: 0, vanished: false, leftOut: 0 },
});

export const sum = (a: PassResult, b: PassResult): PassResult => ({
  name: a.name,
  seconds: a.seconds + b.seconds,
  files: a.files + b.files,
  bytes: a.bytes + b.bytes,
  deleted: a.deleted + b.deleted,
  totalSize: Math.max(a.totalSize, b.totalSize),
  vanished: a.vanished || b.vanished,
  leftOut: b.leftOut,
});
