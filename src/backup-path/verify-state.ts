/** Keeps what a stopped verification has seen of the blobs, for the next one to go on with. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { Problem } from '../failures';
import { newFolder, type BlobFolder } from './verify-index';

const MAGIC = 'lifeboat-verify-1';

/**
 * Writes the folders (name, count, fingerprints, marks of each) behind a line that names the verification. Replaces
 * the file as a whole. In the byte order of this machine: it is not for carrying elsewhere.
 * @throws Problem `StateUnavailable`
 */
export function saveState(path: string, id: string, folders: readonly BlobFolder[]): void {
  // an attempt that was overtaken may be writing the same file
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      write(fd, Buffer.from(`${MAGIC} ${id} ${folders.length}\n`));
      for (const { name, prints, marks } of folders) {
        const head = Buffer.alloc(6);
        head.write(name, 'latin1');
        head.writeUInt32LE(marks.length, 2);
        write(fd, Buffer.concat([head, Buffer.from(prints.buffer), Buffer.from(marks.buffer)]));
      }
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw stateProblem(path, 'written', error);
  }
}

/** @throws Problem `StateUnavailable` when it is missing, not whole, or of another verification */
export function loadState(path: string, id: string): BlobFolder[] {
  try {
    const fd = openSync(path, 'r');
    try {
      return readFolders(fd, id);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw stateProblem(path, 'used', error);
  }
}

function readFolders(fd: number, id: string): BlobFolder[] {
  const take = (length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length;) {
      const n = readSync(fd, bytes, done, length - done, null);
      if (n === 0) throw new Error('it is cut off');
      done += n;
    }
    return bytes;
  };
  const head = `${MAGIC} ${id} `;
  if (take(head.length).toString() !== head) throw new Error('it is of another verification');
  let count = '';
  for (let digit = ''; digit !== '\n'; digit = take(1).toString()) count += digit;
  return Array.from({ length: Number(count) }, () => {
    const entry = take(6);
    const folder = newFolder(entry.toString('latin1', 0, 2), entry.readUInt32LE(2));
    new Uint8Array(folder.prints.buffer).set(take(folder.prints.byteLength));
    folder.marks.set(take(folder.marks.length));
    return folder;
  });
}

function write(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

const stateProblem = (path: string, what: string, error: unknown): Problem =>
  new Problem(
    'StateUnavailable',
    `The state of the verification in ${path} cannot be ${what} (${(error as Error).message}).`,
    { path },
    { cause: error },
  );
