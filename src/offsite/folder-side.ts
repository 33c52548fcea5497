/** A destination that is a folder of this machine: looking at it, trying it, leaving a note in it. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { MARKER } from '../backup-path/layout';
import { Problem } from '../failures';
import { PROBE, TOKEN } from '../rsync/arguments';

/** What a volume or we may have there before a copy is. */
export const NO_CONTENT: ReadonlySet<string> = new Set(['.', 'lost+found', PROBE]);

export interface OtherSide {
  readonly exists: boolean;
  readonly names: readonly string[];
  /** Content of its backup.json; null when it has none. */
  readonly marker: string | null;
}

export function lookHere(path: string): OtherSide {
  let names: string[];
  try {
    names = readdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') {
      throw new Problem('SyncRefused', `${path} cannot be read (${code}).`, { path }, { cause: error });
    }
    if (readHere(dirname(path)) === 'folder') return { exists: false, names: [], marker: null };
    throw new Problem(
      'DestinationMissing',
      `There is no folder ${dirname(path)}.`,
      { path },
      { cause: error },
    );
  }
  const content = names.filter((name) => !NO_CONTENT.has(name));
  const marker = content.includes(MARKER) ? readFileSync(join(path, MARKER), 'utf8') : null;
  return { exists: true, names: content, marker };
}

/** A link from a hostile copy leads to no file of ours. */
export const textOf = (path: string): string => (lstatSync(path).isFile() ? readFileSync(path, 'utf8') : '');

export function leaveHere(path: string, content: string): void {
  const temporary = join(path, `${TOKEN}.tmp`);
  writing(path, () => {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, content, { mode: 0o640, flag: 'wx' });
    renameSync(temporary, join(path, TOKEN));
  });
}

/** The folder keeps its times, which are those of the source. @throws Problem `SyncRefused` */
function writing<T>(path: string, body: () => T): T {
  const { atimeMs, mtimeMs } = lstatSync(path);
  try {
    return body();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = `Nothing can be written to ${path} (${code}).`;
    throw new Problem('SyncRefused', what, { path }, { cause: error });
  } finally {
    utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
  }
}

export function readHere(path: string): 'folder' | 'other' | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : stat.isDirectory() || stat.isSymbolicLink() ? 'folder' : 'other';
}

export function probeHere(path: string): string[] {
  const folder = join(path, PROBE);
  return writing(path, () => {
    try {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(join(folder, 'case'), 'one');
      writeFileSync(join(folder, 'CASE'), 'other');
      return readdirSync(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
