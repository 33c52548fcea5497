/** The passes of a sync that delete from the copy, last of all: only what the comparison listed, metadata first. */
import { dirname, join } from 'node:path';
import type { SyncPhaseName } from '../contracts/offsite-sync';
import { deleteHere } from './delete-here';
import type { PassResult } from './model';
import { listed, NameList, readNames } from './name-list';
import { ends, nothing, pass, sum } from './passes';
import { LISTS } from './lists';
import type { SyncContext } from './sync-context';
import { Breather, isThere } from './walk';

/** What the source had not when it was compared, and has not now. `leftOut`: how many files it has again. */
export async function deleteMetadata(context: SyncContext): Promise<PassResult> {
  const result = await deleteListed(
    context,
    'deleting metadata',
    LISTS.deadMetadata,
    LISTS.deadMetadataFolders,
  );
  const { source, place, signal } = context;
  const breather = new Breather(signal);
  let back = 0;
  for await (const names of readNames(join(place.workDir, LISTS.deadMetadata))) {
    for (const name of names) if (isThere(source, name)) back++;
    await breather.breathe();
  }
  return { ...result, leftOut: back };
}

/**
 * Deletes the blobs that the source did not have when the sync began and does not have now. One that was purged
 * meanwhile may still be named by metadata that the copy has.
 */
export const deleteBlobs = (context: SyncContext): Promise<PassResult> =>
  deleteListed(context, 'deleting blobs', LISTS.deadBlobs, LISTS.deadFolders);

async function deleteListed(
  context: SyncContext,
  name: SyncPhaseName,
  deadFiles: string,
  deadFolders: string,
): Promise<PassResult> {
  const { place, transport } = context;
  const { destination } = transport;
  const dead = join(place.workDir, deadFiles);
  const folders = depths(await foldersOf(dead, join(place.workDir, deadFolders)));
  if (destination.kind === 'path') {
    const since = performance.now();
    const deleted = await deleteHere(context, destination.path, name, dead, folders);
    return { ...nothing(name), deleted, seconds: (performance.now() - since) / 1000 };
  }
  const files = new NameList(join(place.workDir, 'delete-files.list'));
  for await (const names of readNames(dead)) for (const each of names) files.add(listed(each));
  files.close();
  let result = nothing(name);
  if (files.count > 0) result = await deleteNames(context, name, files);
  // rsync deletes an empty folder only, and folders in the order of its own; those that stay get their times back
  for (const depth of folders) {
    const list = new NameList(join(place.workDir, 'delete-folders.list'));
    for (const folder of depth) list.add(listed(folder));
    list.close();
    result = sum(result, await deleteNames(context, name, list));
  }
  // rsync says so of what is gone with its folder, and that is why it is deleted
  return { ...result, vanished: false };
}

/** Never more than are on the list, whatever the other side does. */
const deleteNames = (
  context: SyncContext,
  name: SyncPhaseName,
  { file, count }: NameList,
): Promise<PassResult> =>
  pass(context, name, {
    ...ends(context),
    ...{ filesFrom: file, deleteMissing: true, nothingNew: true, itemize: true, maxDelete: count },
  });

/** Those that are dead, and those of what is dead. */
async function foldersOf(deadFiles: string, deadFolders: string): Promise<Set<string>> {
  const folders = new Set<string>();
  for await (const names of readNames(deadFiles)) for (const dead of names) addFolder(folders, dirname(dead));
  for await (const names of readNames(deadFolders)) for (const dead of names) addFolder(folders, dead);
  return folders;
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
    const level = byDepth.get(depth);
    if (level === undefined) byDepth.set(depth, [name]);
    else level.push(name);
  }
  return [...byDepth].sort(([a], [b]) => b - a).map(([, names]) => names);
}
