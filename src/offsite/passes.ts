/** The passes of a sync that change the copy, in the order that keeps it whole: blobs, metadata, then deletions. */
import { lstatSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MARKER } from '../backup-path/layout';
import type { SyncPhaseName } from '../contracts/offsite-sync';
import { remotePath, type Run } from '../rsync/arguments';
import { nameBytes, parseChange, type RsyncStats } from '../rsync/output';
import type { PassResult } from './model';
import { listed, NameList, readNames } from './name-list';
import { noteOf, NOTES, STAGING } from './stage';
import { LISTS } from './survey';
import { sync, type SyncContext } from './sync-context';
import { Breather } from './walk';

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

export const copyBlobs = (context: SyncContext): Promise<PassResult> =>
  pass(context, 'copying blobs', {
    ...ends(context),
    scope: 'blobs',
    checksum: context.request.input.checksum,
    progress: true,
  });

/** Sends what was staged and has not changed since. The rest keeps its old state in the copy. */
export async function sendMetadata(context: SyncContext): Promise<PassResult> {
  const { source, place, transport, signal } = context;
  const staging = join(place.workDir, STAGING);
  const leftOut = new NameList(join(place.workDir, LEFT_OUT));
  const breather = new Breather(signal);
  let kept = 0;
  try {
    for await (const [name, note] of readPairs(join(place.workDir, NOTES))) {
      const staged = pathOf(staging, name);
      // not there: an attempt before this one has left it out
      if (currentNote(source, name) === note && isThere(staged)) kept++;
      else {
        leftOut.add(name);
        // a list of what to send instead would cost rsync half as much again
        if (name !== '.') rmSync(staged, { recursive: true, force: true });
      }
      await breather.breathe();
    }
  } finally {
    leftOut.close();
  }
  const run = { from: `${staging}/`, to: remotePath(transport), progress: true };
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

const isThere = (path: Buffer): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const pathOf = (root: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${root}/`), nameBytes(name)]);

function currentNote(source: string, name: string): string | null {
  const stat = lstatSync(pathOf(source, name), { throwIfNoEntry: false });
  if (!stat) return null;
  return stat.isDirectory() ? 'folder' : noteOf(stat);
}

/** @param allowed the backstop: the deletions were counted before */
export const deleteMetadata = (context: SyncContext, allowed: number): Promise<PassResult> =>
  pass(context, 'deleting metadata', {
    ...ends(context),
    ...{ scope: 'metadata', delete: true, nothingNew: true, itemize: true, maxDelete: allowed },
  });

/**
 * Deletes the blobs that the source did not have when the sync began and does not have now. One that was purged
 * meanwhile may still be named by metadata that the copy has.
 */
export async function deleteBlobs(context: SyncContext): Promise<PassResult> {
  const { workDir } = context.place;
  const files = new NameList(join(workDir, 'delete-blobs.list'));
  const folders = new Set<string>();
  for await (const names of readNames(join(workDir, LISTS.deadBlobs))) {
    for (const name of names) {
      files.add(listed(name));
      addFolder(folders, dirname(name));
    }
  }
  files.close();
  for await (const names of readNames(join(workDir, LISTS.deadFolders)))
    for (const name of names) addFolder(folders, name);
  const run = { ...ends(context), ...{ deleteMissing: true, nothingNew: true, itemize: true } };
  let result = nothing('deleting blobs');
  if (files.count > 0) result = await pass(context, 'deleting blobs', { ...run, filesFrom: files.file });
  // rsync deletes an empty folder only, and folders in the order of its own; those that stay get their times back
  for (const depth of depths(folders)) {
    const list = new NameList(join(workDir, 'delete-folders.list'));
    for (const name of depth) list.add(listed(name));
    list.close();
    result = sum(result, await pass(context, 'deleting blobs', { ...run, filesFrom: list.file }));
  }
  // rsync says so of what is gone with its folder, and that is why it is deleted
  return { ...result, vanished: false };
}

/** With those around it: what is deleted in a folder changes its time. */
function addFolder(folders: Set<string>, name: string): void {
  for (let at = name; at !== '.' && !folders.has(at); at = dirname(at)) folders.add(at);
}

/** Deepest first. */
function depths(folders: ReadonlySet<string>): string[][] {
  const byDepth = new Map<number, string[]>();
  for (const name of folders) {
    const depth = name.split('/').length;
    byDepth.set(depth, [...(byDepth.get(depth) ?? []), name]);
  }
  return [...byDepth].sort(([a], [b]) => b - a).map(([, names]) => names);
}

/** Removes what is only good for this sync. */
export function tidy({ place }: Pick<SyncContext, 'place'>, keepPlan: boolean): void {
  for (const name of keepPlan ? [STAGING] : [STAGING, LISTS.plan])
    rmSync(join(place.workDir, name), { recursive: true, force: true });
}

const ends = ({ source, transport }: SyncContext): Pick<Run, 'from' | 'to'> => ({
  from: `${source}/`,
  to: remotePath(transport),
});

async function pass(context: SyncContext, name: SyncPhaseName, run: Run): Promise<PassResult> {
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
