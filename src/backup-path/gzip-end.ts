/** Where gzip data ends in a file that may have other bytes behind it. */
import { readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';

const TRAILER = 8;
const CHUNK = 64 * 1024;
const HEADER_LIMIT = 64 * 1024;

/**
 * Offset behind the last complete gzip member. Gunzip itself refuses a file with foreign bytes at its end, so
 * this walks the members by raw inflate, which stops where its data stop. Checksums are left to gunzip, which
 * reads the same range afterwards.
 * @param onUnpacked told how many bytes came out; what it throws ends the walk
 * @throws Error when not even the first member is complete
 */
export async function findGzipEnd(
  fd: number,
  size: number,
  onUnpacked: (bytes: number) => void = () => undefined,
): Promise<number> {
  let end = 0;
  let stopped = false;
  const tell = (bytes: number): void => {
    stopped = true;
    onUnpacked(bytes);
    stopped = false;
  };
  while (end < size) {
    const next = await memberEnd(fd, end, size, tell).catch((error: unknown) => {
      // what follows a complete member is a foreign tail, whatever it looks like
      if (end > 0 && !stopped) return null;
      throw error;
    });
    if (next === null) break;
    end = next;
  }
  return end;
}

async function memberEnd(
  fd: number,
  start: number,
  size: number,
  onUnpacked: (bytes: number) => void,
): Promise<number | null> {
  const head = Buffer.alloc(Math.min(HEADER_LIMIT, size - start));
  readSync(fd, head, 0, head.length, start);
  const header = headerLength(head);
  if (header === null) {
    if (start > 0) return null;
    throw new Error('no gzip header');
  }
  const inflate = createInflateRaw();
  const source = new Chunks(fd, start + header);
  const input = Readable.from(source.read());
  input.on('error', (error) => inflate.destroy(error));
  input.pipe(inflate);
  try {
    for await (const chunk of inflate) onUnpacked((chunk as Buffer).length);
  } finally {
    source.stopped = true;
    input.destroy();
    inflate.destroy();
  }
  const end = start + header + inflate.bytesWritten + TRAILER;
  if (end > size) throw new Error('unexpected end of file');
  return end;
}

/**
 * A file from an offset on. No stream of Node's over the descriptor: destroying one closes it, even with
 * `autoClose: false`, and a descriptor that is closed twice may by then be another thread's file.
 */
class Chunks {
  stopped = false;

  constructor(
    private readonly fd: number,
    private at: number,
  ) {}

  *read(): Generator<Buffer> {
    while (!this.stopped) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const length = readSync(this.fd, chunk, 0, CHUNK, this.at);
      if (length === 0) return;
      this.at += length;
      yield chunk.subarray(0, length);
    }
  }
}

/** Length of a gzip member's header (RFC 1952), or null when there is none. */
function headerLength(b: Buffer): number | null {
  if (b.length < 10 || b[0] !== 0x1f || b[1] !== 0x8b || b[2] !== 8) return null;
  const flags = b[3] ?? 0;
  let at = 10;
  if (flags & 4) {
    if (at + 2 > b.length) return null;
    at += 2 + b.readUInt16LE(at);
  }
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const zero = b.indexOf(0, at);
    if (zero < 0) return null;
    at = zero + 1;
  }
  if (flags & 2) at += 2;
  return at < b.length ? at : null;
}
