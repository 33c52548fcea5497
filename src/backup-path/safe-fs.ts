/**
 * The only way in which this library opens files of a Backup Path.
 *
 * A Backup Path is hostile input: symlinks may lead out of it, a "file" may be a FIFO that blocks its reader
 * for ever, or be larger than memory. Everything is opened without following links and without blocking.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { broken, errorCode, readDefect } from './defect';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface OpenFile {
  readonly fd: number;
  readonly size: number;
}

export class SafeFiles {
  /** Folders known to be real ones, inside. Only the bounded kinds are remembered (blob folders). */
  private readonly checked = new Set<string>();

  /** @param root real path of the Backup Path */
  constructor(readonly root: string) {}

  absolute(relative: string): string {
    return `${this.root}/${relative}`;
  }

  /**
   * Makes sure that `relative` is a folder inside the store, all the way down.
   * @throws Defect
   */
  checkFolder(relative: string, remember = false): void {
    if (this.checked.has(relative)) return;
    let end = 0;
    do {
      end = relative.indexOf('/', end + 1);
      const part = end < 0 ? relative : relative.slice(0, end);
      if (this.checked.has(part)) continue;
      this.checkOneFolder(this.absolute(part));
      if (remember) this.checked.add(part);
    } while (end >= 0);
  }

  private checkOneFolder(path: string): void {
    try {
      const stat = lstatSync(path);
      if (stat.isDirectory()) return;
      if (stat.isSymbolicLink()) {
        this.inside(path);
        return;
      }
    } catch (error) {
      throw readDefect(error, path);
    }
    throw broken('not a folder', path);
  }

  /** The real path behind a link, when it stays inside the store. */
  private inside(path: string): string {
    let real: string;
    try {
      real = realpathSync(path);
    } catch (error) {
      throw readDefect(error, path);
    }
    if (!real.startsWith(this.root + sep)) throw broken('a link that leaves the Backup Path', path);
    return real;
  }

  /**
   * Opens a regular file for reading. The caller closes it. The folder must have been checked.
   * @throws Defect
   */
  open(path: string): OpenFile {
    let fd: number;
    try {
      fd = openSync(path, FLAGS);
    } catch (error) {
      if (errorCode(error) !== 'ELOOP') throw readDefect(error, path);
      // a link: allowed while it stays inside, as a store moved to other volumes may have some
      const real = this.inside(path);
      try {
        fd = openSync(real, FLAGS);
      } catch (inner) {
        throw readDefect(inner, path);
      }
    }
    try {
      const stat = fstatSync(fd);
      if (stat.isDirectory()) throw readDefect(Object.assign(new Error(), { code: 'EISDIR' }), path);
      if (!stat.isFile()) throw broken('not a regular file', path);
      return { fd, size: stat.size };
    } catch (error) {
      closeSync(fd);
      throw readDefect(error, path);
    }
  }

  /**
   * Reads a whole file of at most `limit` bytes.
   * @throws Defect, `broken` when it is larger
   */
  read(path: string, limit: number): Buffer {
    const file = this.open(path);
    try {
      if (file.size > limit) throw broken(`larger than ${limit} bytes (${file.size})`, path);
      const buffer = Buffer.allocUnsafe(file.size);
      const length = readFully(file.fd, buffer, file.size);
      return buffer.subarray(0, length);
    } catch (error) {
      throw readDefect(error, path);
    } finally {
      closeSync(file.fd);
    }
  }
}

/** Reads up to `length` bytes from the start of a file; fewer when it is shorter by now. */
export function readFully(fd: number, buffer: Buffer, length: number): number {
  let done = 0;
  while (done < length) {
    const n = readSync(fd, buffer, done, length - done, done);
    if (n === 0) break;
    done += n;
  }
  return done;
}
