/** What is left of a blob that cannot be proved: everything that can be unpacked before the damage. */
import { closeSync, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { Defect } from '../backup-path/defect';
import { digestAlgorithm } from '../backup-path/digest';
import { findGzipEnd } from '../backup-path/gzip-end';
import { blobDir, blobPath } from '../backup-path/layout';
import type { OpenFile } from '../backup-path/safe-fs';
import type { BackupPath } from '../backup-path/store';

/** So much goes in at a time: of the piece that holds the damage, what is unpacked may be lost. Bytes. */
const PIECE = 512;
/** More than this is not taken from a blob whose metadata promise less: it may be made to fill the disk. Bytes. */
const AT_LEAST = 64 * 1024 * 1024;
const AT_MOST = 2 * 1024 ** 3;

/**
 * The content up to the first damage, or up to what the metadata promise. A blob that was compressed twice is unpacked
 * twice. Empty when nothing can be read.
 */
export function salvage(store: BackupPath, digest: string, promised: number): Readable {
  const limit = Math.min(Math.max(promised, AT_LEAST), AT_MOST);
  return Readable.from(cut(unpacked(unpacked(pieces(store, digest), true), false), limit), {
    objectMode: false,
  });
}

async function* pieces(store: BackupPath, digest: string): AsyncGenerator<Buffer> {
  if (digestAlgorithm(digest) === null) return;
  let file: OpenFile;
  try {
    store.files.checkFolder(blobDir(digest), true);
    file = store.files.open(store.files.absolute(blobPath(digest)));
  } catch (error) {
    if (error instanceof Defect) return;
    throw error;
  }
  try {
    // gunzip gives up a short message for foreign bytes behind it
    let seen = 0;
    const meter = (bytes: number): void => {
      if ((seen += bytes) > AT_MOST) throw new Error('more than is taken of it');
    };
    const end = await findGzipEnd(file.fd, file.size, meter).catch(() => file.size);
    for (let at = 0; ;) {
      const buffer = Buffer.alloc(Math.min(PIECE, end - at));
      const length = readOrEnd(file.fd, buffer, at);
      if (length === 0) return;
      at += length;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(file.fd);
  }
}

/** A disk that fails in the middle of a file ends what can be had of it. */
function readOrEnd(fd: number, buffer: Buffer, at: number): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, at);
  } catch {
    return 0;
  }
}

/** @param always also what does not look like gzip; else that is passed on as it is */
async function* unpacked(source: AsyncIterable<Buffer>, always: boolean): AsyncGenerator<Buffer> {
  let unpacker: Unpacker | null = null;
  let begun = false;
  try {
    for await (const chunk of source) {
      if (!begun && (always || (chunk[0] === 0x1f && chunk[1] === 0x8b))) unpacker = new Unpacker();
      begun = true;
      if (unpacker === null) {
        yield chunk;
        continue;
      }
      for (let at = 0; at < chunk.length; at += PIECE) {
        const goesOn = await unpacker.write(chunk.subarray(at, at + PIECE));
        yield* unpacker.take();
        if (!goesOn) return;
      }
    }
  } finally {
    unpacker?.close();
  }
}

/** Hands out what each piece unpacked to, also of the last piece before the damage. */
class Unpacker {
  private readonly gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  private out: Buffer[] = [];

  constructor() {
    this.gunzip.on('data', (chunk: Buffer) => this.out.push(chunk));
    this.gunzip.on('error', () => undefined); // `write` tells
  }

  /** @returns false when it met the damage, or the end of the data */
  write(chunk: Buffer): Promise<boolean> {
    const { gunzip } = this;
    return new Promise((resolve) => {
      const end = (): void => resolve(false);
      const ends = ['error', 'end', 'close'] as const;
      for (const event of ends) gunzip.once(event, end);
      gunzip.write(chunk, (error) => {
        for (const event of ends) gunzip.off(event, end);
        resolve(!error && !gunzip.readableEnded);
      });
    });
  }

  take(): Buffer[] {
    const { out } = this;
    this.out = [];
    return out;
  }

  close(): void {
    this.gunzip.destroy();
  }
}

async function* cut(source: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let left = limit;
  for await (const chunk of source) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}
