/**
 * Keeping aside the metadata that differ, as they are before the blobs are copied. Whatever a kept file names was there
 * by then: writers store blobs first.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { printable } from '../report/format';
import type { Staged } from './model';
import { NameList, readNames } from './name-list';
import { stateProblem } from './place';
import { removeTree } from './remove-tree';
import type { SyncContext } from './sync-context';
import { absolute, Breather, statOf } from './walk';

export const STAGING = 'staging';
/** Pairs of a name and what its source was then. */
export const NOTES = 'notes.list';

/** Only these are ever replaced as a whole (the format says so): a link to one keeps what it was, and costs no copy. */
const REPLACED = /^accounts\/[^/]+\/(items\/[0-9]{2}\/[0-9]+|account_info|account_stat)$/;

type Path = string | Buffer;

const isRoot = (): boolean => process.geteuid?.() === 0;
const PIECE = 1024 * 1024;
/** Only what is written to can have these. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** What tells whether a file has changed. Milliseconds with fractions: to well under a microsecond. */
export const noteOf = ({ size, mtimeMs, ino }: Stats): string => `${size} ${mtimeMs} ${ino}`;

/** @param listFile names to keep, of folders and links too. @throws Problem `StateUnavailable` */
export async function stage(context: SyncContext, listFile: string): Promise<Staged> {
  const { source, place, signal, onProgress } = context;
  const staging = join(place.workDir, STAGING);
  await removeTree(staging);
  mkdirSync(staging, { mode: 0o700 });
  const stager = new Stager(source, staging, new NameList(join(place.workDir, NOTES)));
  const breather = new Breather(signal);
  try {
    for await (const names of readNames(listFile)) {
      for (const name of names) {
        stager.take(name);
        if (breather.isDue) await breather.breathe();
      }
      onProgress({ step: 'staging metadata', done: stager.staged, total: 0, unit: 'files' });
    }
    await stager.dressFolders(breather);
  } finally {
    stager.notes.close();
  }
  const { staged, unreadable, example } = stager;
  return { staged, unreadable, example };
}

class Stager {
  staged = 0;
  unreadable = 0;
  example: string | null = null;
  private lastFolder = '';
  private readonly buffer = Buffer.allocUnsafe(PIECE);

  constructor(
    private readonly source: string,
    private readonly staging: string,
    readonly notes: NameList,
  ) {}

  take(name: string): void {
    const from = absolute(this.source, name);
    const to = absolute(this.staging, name);
    try {
      const note = this.linked(name, from, to) ?? this.kept(name, from, to);
      if (note === null) return;
      this.staged++;
      this.notes.add(name);
      this.notes.add(note);
    } catch (error) {
      const { code, syscall, path } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code === undefined || FULL.has(code) || this.isOurs(path, syscall))
        throw stateProblem('Metadata cannot be staged', error);
      this.unreadable++;
      this.example ??= `${printable(from.toString()).slice(0, 300)} (${code})`;
    }
  }

  /** An error of the staging folder is no fault of the file. */
  private isOurs(path: unknown, syscall: string | undefined): boolean {
    return syscall === 'write' || String(path).startsWith(this.staging);
  }

  /** The usual case, at once. Null: to be kept in another way. */
  private linked(name: string, from: Path, to: Path): string | null {
    if (!REPLACED.test(name)) return null;
    this.folder(dirname(name));
    if (!link(from, to)) return null;
    const stat = lstatSync(to);
    if (stat.isFile()) return noteOf(stat);
    rmSync(to);
    return null;
  }

  /** Answers what the source was; null when it is nothing to copy, or was purged since the comparison. */
  private kept(name: string, from: Path, to: Path): string | null {
    const stat = lstatSync(from, { throwIfNoEntry: false });
    if (!stat) return null;
    if (stat.isDirectory()) {
      mkdirSync(to, { recursive: true, mode: 0o700 });
      return 'folder';
    }
    this.folder(dirname(name));
    if (stat.isSymbolicLink()) {
      symlinkSync(readlinkSync(from, 'buffer'), to);
      if (isRoot()) lchownSync(to, stat.uid, stat.gid);
      return noteOf(stat);
    }
    return stat.isFile() ? this.copy(from, to) : null;
  }

  private folder(name: string): void {
    if (name === this.lastFolder) return;
    mkdirSync(absolute(this.staging, name), { recursive: true, mode: 0o700 });
    this.lastFolder = name;
  }

  private copy(from: Path, to: Path): string {
    const input = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const before = fstatSync(input);
      const output = openSync(to, 'wx', 0o600);
      try {
        for (let n = -1; n !== 0;) {
          n = readSync(input, this.buffer, 0, PIECE, null);
          for (let done = 0; done < n;) done += writeSync(output, this.buffer, done, n - done);
        }
      } finally {
        closeSync(output);
      }
      dress(to, before);
      // one that changed while it was read is left out later: its source has another note by then
      return noteOf(before);
    } finally {
      closeSync(input);
    }
  }

  /** Folders get the attributes of their sources last: what was put into them changed their times. */
  async dressFolders(breather: Breather): Promise<void> {
    const visit = async (name: string): Promise<void> => {
      for (const entry of readdirSync(absolute(this.staging, name), {
        encoding: 'buffer',
        withFileTypes: true,
      })) {
        if (entry.isDirectory()) await visit(`${name}/${entry.name.toString('latin1')}`);
      }
      const stat = statOf(this.source, name);
      if (stat?.isDirectory()) dress(absolute(this.staging, name), stat);
      await breather.breathe();
    };
    await visit('.');
  }
}

/** False where links cannot be: another file system, foreign files, too many links. */
function link(from: Path, to: Path): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EXDEV' || code === 'EPERM' || code === 'EMLINK' || code === 'EACCES') return false;
    throw error;
  }
}

export function dress(path: Path, { mode, uid, gid, atimeMs, mtimeMs }: Stats): void {
  if (isRoot()) chownSync(path, uid, gid);
  chmodSync(path, mode & 0o7777);
  utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
}
