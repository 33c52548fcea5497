/**
 * Deleting from a copy that is a folder of this machine, by system calls: rsync deletes only empty folders, and would have
 * to be run once for each depth of them, which took longer than all other passes.
 */
import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from '../failures';
import { readNames } from './name-list';
import { dress } from './stage';
import type { SyncContext } from './sync-context';
import { absolute, Breather, isThere } from './walk';

/** What is not there any more, or was never what its name says, is none of this list's business. */
const PASSED: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST']);

/**
 * @param filesList names of files and links, each looked for in the source once more
 * @param folders deepest first; those that the source has get its times back, the others go when they are empty
 * @returns how many are gone
 * @throws Problem `SyncRefused`, `SyncInterrupted`
 */
export async function deleteHere(
  { source, signal, onProgress }: SyncContext,
  copy: string,
  step: string,
  filesList: string,
  folders: readonly string[],
): Promise<number> {
  const breather = new Breather(signal);
  const real = new RealFolders(copy);
  let deleted = 0;
  const remove = (name: string, how: (path: string | Buffer) => void): void => {
    if (isThere(source, name) || !real.has(dirname(name))) return;
    if (changed(absolute(copy, name), how)) deleted++;
  };
  for await (const names of readNames(filesList)) {
    for (const name of names) {
      remove(name, unlinkSync);
      if (breather.isDue) await breather.breathe();
    }
    onProgress({ step, done: deleted, total: 0, unit: 'files' });
  }
  for (const folder of folders) {
    const stat = lstatSync(absolute(source, folder), { throwIfNoEntry: false });
    if (stat === undefined) remove(folder, rmdirSync);
    else if (stat.isDirectory() && real.has(folder))
      changed(absolute(copy, folder), (path) => dress(path, stat));
    if (breather.isDue) await breather.breathe();
  }
  return deleted;
}

function changed(path: string | Buffer, how: (path: string | Buffer) => void): boolean {
  try {
    how(path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (PASSED.has(code)) return false;
    const what = `${path.toString()} cannot be deleted from the copy (${code}).`;
    throw new Problem('SyncRefused', what, { path: path.toString() }, { cause: error });
  }
}

/** Folders of the copy that are reached without a link, which might lead anywhere. */
class RealFolders {
  private readonly known = new Map<string, boolean>([['.', true]]);

  constructor(private readonly copy: string) {}

  has(name: string): boolean {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const is =
      this.has(dirname(name)) &&
      lstatSync(absolute(this.copy, name), { throwIfNoEntry: false })?.isDirectory() === true;
    this.known.set(name, is);
    return is;
  }
}
