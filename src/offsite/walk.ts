/** Walking a store without rsync, in pieces that leave the main loop free. */
import { lstatSync, readdirSync, type Dirent } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { BLOBS } from '../backup-path/layout';
import { Problem } from '../failures';
import { FETCHED } from '../rsync/arguments';
import { nameBytes } from '../rsync/output';

/** How long the main loop may be kept from its other work, milliseconds. */
const SLICE_MS = 20;

/** Gives way now and then; throws when the step is to end. */
export class Breather {
  private since = performance.now();

  constructor(private readonly signal: AbortSignal) {}

  async breathe(): Promise<void> {
    if (performance.now() - this.since < SLICE_MS) return;
    await turn();
    this.since = performance.now();
    if (this.signal.aborted) throw new Problem('SyncInterrupted', 'The step was ended.');
  }
}

const entriesOf = (folder: Buffer): Dirent<Buffer>[] =>
  readdirSync(folder, { encoding: 'buffer', withFileTypes: true });

export const absolute = (root: string, name: string): Buffer =>
  name === '.' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), nameBytes(name)]);

export const isThere = (root: string, name: string): boolean =>
  lstatSync(absolute(root, name), { throwIfNoEntry: false }) !== undefined;

/** What rsync does not look at either (arguments.ts). */
const isHidden = (name: string): boolean => /^\..*\.tmp$/.test(name);

/** Every name but those of blobs, folders before what is in them. Folders that cannot be listed are an error. */
export async function* walkMetadata(root: string, signal: AbortSignal): AsyncGenerator<string[]> {
  const breather = new Breather(signal);
  const waiting = ['.'];
  yield ['.'];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const names: string[] = [];
    for (const entry of list(root, folder)) {
      const base = entry.name.toString('latin1');
      const name = folder === '.' ? base : `${folder}/${base}`;
      if (isHidden(base) || name === FETCHED || name === BLOBS || name === 'lost+found') continue;
      names.push(name);
      if (entry.isDirectory()) waiting.push(name);
    }
    yield names;
    await breather.breathe();
  }
}

function list(root: string, folder: string): Dirent<Buffer>[] {
  try {
    return entriesOf(absolute(root, folder));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const path = absolute(root, folder).toString();
    throw new Problem('SourceNotReadable', `${path} cannot be listed (${code}).`, { path }, { cause: error });
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
    for (const entry of list(root, folder)) {
      const name = `${folder}/${entry.name.toString('latin1')}`;
      if (entry.isDirectory()) waiting.push(name);
      else bytes += lstatSync(absolute(root, name), { throwIfNoEntry: false })?.size ?? 0;
      files++;
      if (files % 64 === 0) await breather.breathe();
    }
  }
  return { bytes, files };
}
