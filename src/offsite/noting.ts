/**
 * What the metadata of a source are before their first copy, so that it shows afterwards which of them were so all the
 * while (holding.ts).
 */
import { closeSync, constants, lstatSync, openSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { MARKER } from '../backup-path/layout';
import { NameList } from './name-list';
import { LISTS } from './lists';
import type { SyncContext } from './sync-context';
import { absolute, statOf, walkMetadata } from './walk';

/** Pairs of a folder and what was in it: names and their notes, between slashes. */
export const HELD = 'held.list';
export const FOLDER = 'folder';

/** The time of the last change of any kind: the kernel sets it, and nothing of ours does meanwhile. */
const heldNote = ({ ino, ctimeMs, size }: Stats): string => `${ino} ${ctimeMs} ${size}`;

/** Lists all metadata of a source. */
export async function listMetadata({ source, place, transport, signal }: SyncContext): Promise<number> {
  const list = new NameList(join(place.workDir, LISTS.metadata));
  const visit = (_base: string, name: string): boolean => {
    if (statOf(source, name)?.isDirectory()) return true;
    list.add(name);
    return false;
  };
  try {
    for await (const folder of walkMetadata(source, transport.partialDir, signal, visit)) list.add(folder);
  } finally {
    list.close();
  }
  return list.count;
}

/** Notes all metadata of a source but backup.json, and answers how many; null when some cannot be read. */
export async function noteMetadata({
  source,
  place,
  transport,
  signal,
}: SyncContext): Promise<number | null> {
  const notes = new NameList(join(place.workDir, HELD));
  let count = 0;
  let noted = '';
  let readable = true;
  const visit = (base: string, name: string): boolean => {
    if (name === MARKER) return false; // the copy was claimed by it
    const path = absolute(source, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return false;
    const isFolder = stat.isDirectory();
    if (!isFolder && !stat.isFile() && !stat.isSymbolicLink()) return false;
    readable &&= !stat.isFile() || isReadable(path, stat);
    noted += `${base}/${isFolder ? FOLDER : heldNote(stat)}/`;
    count++;
    return isFolder;
  };
  try {
    for await (const folder of walkMetadata(source, transport.partialDir, signal, visit)) {
      if (!readable) return null;
      notes.add(folder);
      notes.add(noted);
      noted = '';
    }
  } finally {
    notes.close();
  }
  return count;
}

/** The owner's bits say it at once; else only trying tells. */
function isReadable(path: string | Buffer, { uid, mode }: Stats): boolean {
  const user = process.geteuid?.();
  if (user === 0 || (uid === user && (mode & 0o400) !== 0)) return true;
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Null: it is gone. */
export function currentNote(source: string, name: string, wasFolder: boolean): string | null {
  const stat = statOf(source, name);
  if (!stat) return null;
  return wasFolder && stat.isDirectory() ? FOLDER : heldNote(stat);
}
