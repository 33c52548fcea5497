/**
 * Deleting from a copy that is a folder of this machine, by system calls: rsync deletes only empty folders, and would have
 * to be run once for each depth of them, which took longer than all other passes.
 */
import { lstat, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../failures';
import { readNames } from './name-list';
import { dress } from './stage';
import type { SyncContext } from './sync-context';
import { absolute, Breather, isThere, statOf } from './walk';

/** Calls to the copy that may be on their way: it may be a network's, and must not keep the main loop waiting. */
const AT_ONCE = 32;
/** What is not there any more, or was never what its name says, is none of this list's business. */
const PASSED: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST']);
/** Space is waited for. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * @param filesList names of files and links, each looked for in the source once more
 * @param folders by depth, deepest first; those that the source has get its times back, the others go when they are empty
 * @returns how many are gone
 * @throws Problem `SyncIncomplete` at the end, when some could not be deleted; `DestinationFull`, `SyncInterrupted`
 */
export async function deleteHere(
  { source, signal, onProgress }: SyncContext,
  copy: string,
  step: string,
  filesList: string,
  folders: readonly (readonly string[])[],
): Promise<number> {
  const breather = new Breather(signal);
  const deleting = new Deleting(source, copy);
  const all = async (names: readonly string[], body: (name: string) => Promise<void>): Promise<void> => {
    for (let at = 0; at < names.length; at += AT_ONCE) {
      await Promise.all(names.slice(at, at + AT_ONCE).map(body));
      await breather.breathe();
    }
    onProgress({ step, done: deleting.deleted, total: 0, unit: 'files' });
  };
  for await (const names of readNames(filesList)) await all(names, (name) => deleting.file(name));
  for (const level of folders) await all(level, (name) => deleting.folder(name));
  const { deleted, failed, example } = deleting;
  if (failed > 0)
    throw new Problem('SyncIncomplete', `${step}: ${failed} could not be deleted, such as ${example}.`);
  return deleted;
}

class Deleting {
  deleted = 0;
  failed = 0;
  example: string | null = null;
  /** Folders of the copy that are reached without a link, which might lead anywhere. */
  readonly #real = new Map<string, Promise<boolean>>([['.', Promise.resolve(true)]]);

  constructor(
    private readonly source: string,
    private readonly copy: string,
  ) {}

  async file(name: string): Promise<void> {
    if (!isThere(this.source, name) && (await this.#isReal(dirname(name)))) await this.#remove(name, unlink);
  }

  async folder(name: string): Promise<void> {
    const stat = statOf(this.source, name);
    if (stat === undefined) {
      if (await this.#isReal(dirname(name))) await this.#remove(name, rmdir);
    } else if (stat.isDirectory() && (await this.#isReal(name)))
      await this.#change(name, async (path) => dress(path, stat));
  }

  async #remove(name: string, how: (path: string | Buffer) => Promise<void>): Promise<void> {
    if (await this.#change(name, how)) this.deleted++;
  }

  async #change(name: string, how: (path: string | Buffer) => Promise<void>): Promise<boolean> {
    const path = absolute(this.copy, name);
    try {
      await how(path);
      return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (PASSED.has(code)) return false;
      const what = `${path.toString()} (${code})`;
      if (FULL.has(code)) throw new Problem('DestinationFull', `There is no space to delete ${what}.`);
      this.failed++;
      this.example ??= what;
      return false;
    }
  }

  #isReal(name: string): Promise<boolean> {
    const known = this.#real.get(name);
    if (known !== undefined) return known;
    const is = this.#isReal(dirname(name)).then(
      async (around) =>
        around &&
        (await lstat(absolute(this.copy, name)).then(
          (stat) => stat.isDirectory(),
          () => false,
        )),
    );
    this.#real.set(name, is);
    return is;
  }
}
