/** Walking a store without rsync, in pieces that leave the main loop free. */
import { lstatSync, readdirSync, type Dirent, type Stats } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { BLOBS } from '../backup-path/layout';
import { Problem } from '../failures';
import { OURS } from '../rsync/arguments';
import { nameBytes } from '../rsync/output';

/** How long the main loop may be kept from its other work, milliseconds. */
const SLICE_MS = 20;

/** Gives way now and then; throws when the step is to end. */
export class Breather {
  private since = performance.now();

  constructor(private readonly signal: AbortSignal) {}

  /** To be asked where one turn of the loop is short: waiting for nothing costs as much as looking at a file. */
  get isDue(): boolean {
    return performance.now() - this.since >= SLICE_MS;
  }

  async breathe(): Promise<void> {
    if (!this.isDue) return;
    await turn();
    this.since = performance.now();
    if (this.signal.aborted) throw new Problem('SyncInterrupted', 'The step was ended.');
  }
}

const entriesOf = (folder: string | Buffer): Dirent<Buffer>[] =>
  readdirSync(folder, { encoding: 'buffer', withFileTypes: true });

/** Bytes only where they are no ASCII: text is quicker. */
export function absolute(root: string, name: string): string | Buffer {
  if (name === '.') return root;
  return NO_ASCII.test(name) ? Buffer.concat([Buffer.from(`${root}/`), nameBytes(name)]) : `${root}/${name}`;
}
const NO_ASCII = /[^\0-\x7f]/;

/** Undefined when there is no such name, also because what would be a folder around it is none. */
export function statOf(root: string, name: string): Stats | undefined {
  try {
    return lstatSync(absolute(root, name), { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

export const isThere = (root: string, name: string): boolean => statOf(root, name) !== undefined;

/** What rsync does not look at either (arguments.ts). */
const isHidden = (name: string): boolean => /^\..*\.tmp$/.test(name);

/**
 * Visits every name but those of blobs, a folder before what is in it, and answers each folder when its names were
 * visited. Folders that cannot be listed are an error.
 * @param visit is told the name in its folder, and the name in the source; says whether it is a folder
 */
export async function* walkMetadata(
  root: string,
  partialDir: string,
  signal: AbortSignal,
  visit: (base: string, name: string) => boolean,
): AsyncGenerator<string> {
  const breather = new Breather(signal);
  const waiting = ['.'];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const within = folder === '.' ? '' : `${folder}/`;
    for (const base of orNone(root, folder, (path) => readdirSync(path, 'latin1'))) {
      const name = `${within}${base}`;
      if (isHidden(base) || base === partialDir || OURS.has(name)) continue;
      if (name === BLOBS || name === 'lost+found') continue;
      if (visit(base, name)) waiting.push(name);
    }
    yield folder;
    if (breather.isDue) await breather.breathe();
  }
}

/** A folder that went away has nothing in it. */
function orNone<T>(root: string, folder: string, list: (path: string | Buffer) => T[]): T[] {
  const path = absolute(root, folder);
  try {
    return list(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const what = `${path.toString()} cannot be listed (${code}).`;
    throw new Problem('SourceNotReadable', what, { path: path.toString() }, { cause: error });
  }
}

/** Bytes and number of all blobs. */
export async function measureBlobs(
  root: string,
  signal: AbortSignal,
): Promise<{ bytes: number; files: number }> {
  const breather = new Breather(signal);
  let bytes = 0;
  let files = 0;
  const waiting: string[] = [BLOBS];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of orNone(root, folder, entriesOf)) {
      const name = `${folder}/${entry.name.toString('latin1')}`;
      if (entry.isDirectory()) waiting.push(name);
      else bytes += statOf(root, name)?.size ?? 0;
      files++;
      if (files % 64 === 0) await breather.breathe();
    }
  }
  return { bytes, files };
}
