/** Reading blobs: gunzip, compare with the digest, say what is wrong. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import { broken, Defect, errorCode, Interrupted, readDefect } from './defect';
import { digestAlgorithm, digestOf, finishDigest, type DigestAlgorithm } from './digest';
import { findGzipEnd } from './gzip-end';
import { blobDir, blobPath } from './layout';
import { readFully, type SafeFiles } from './safe-fs';

/** The largest content that is ever held in memory; above it, content is streamed. Bytes. */
export const MEMORY_LIMIT = 8 * 1024 * 1024;

/**
 * The most that is unpacked of one blob, bytes. A megabyte that was compressed twice may hold a terabyte of nothing; no
 * honest message comes near this.
 */
const LARGEST = 4 * 1024 ** 3;

interface Common {
  /** Size of the content, bytes. */
  readonly size: number;
  /** The blob had been compressed twice; its content is intact. */
  readonly doubleGzipped: boolean;
  /** There are bytes behind the gzip data; the content is intact all the same. */
  readonly trailingBytes: boolean;
}
export type Blob =
  | (Common & { readonly kind: 'memory'; readonly bytes: Buffer })
  | (Common & { readonly kind: 'stream'; open(): Readable });

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

export class BlobReader {
  private buffer = Buffer.allocUnsafe(256 * 1024);

  /** Asked now and then within a large blob; once it is so, reading ends by `Interrupted`. */
  isInterrupted: () => boolean = () => false;

  constructor(
    private readonly files: SafeFiles,
    private readonly largest = LARGEST,
  ) {}

  /** As `load`, whether somebody wants the work to end or not: for what is half done. */
  async loadToTheEnd(digest: string): Promise<Blob> {
    const asked = this.isInterrupted;
    this.isInterrupted = () => false;
    return this.load(digest).finally(() => (this.isInterrupted = asked));
  }

  /**
   * The content of a blob, proved by its digest. Small blobs are read synchronously (several times faster than
   * the asynchronous forms: this is meant for worker threads), large ones by streams.
   * @throws Defect, Interrupted
   */
  async load(digest: string): Promise<Blob> {
    const algorithm = digestAlgorithm(digest);
    if (!algorithm) throw broken(`"${digest.slice(0, 80)}" is not a digest`, this.files.root);
    const path = this.files.absolute(blobPath(digest));
    this.files.checkFolder(blobDir(digest), true);
    const small = this.loadSmall(path, digest, algorithm);
    if (small) return small;
    return this.loadLarge(path, digest, algorithm);
  }

  /** Null: too large for memory, or damaged in a way that only the slow path can judge. */
  private loadSmall(path: string, digest: string, algorithm: DigestAlgorithm): Blob | null {
    const compressed = this.readCompressed(path);
    if (compressed === null) return null;
    if (compressed.length === 0) throw broken('the blob is empty', path);
    if (compressed.length < 18) throw broken(`the blob has only ${compressed.length} bytes`, path);
    // The trailer's size is untrusted: a hint for the buffer, never an allocation without a cap.
    const hint = compressed.readUInt32LE(compressed.length - 4);
    if (hint > MEMORY_LIMIT) return null;
    const bytes = gunzipOrNull(compressed, hint);
    if (bytes === null) return null;
    const trailingBytes = bytes.consumed < compressed.length;
    const found = digestOf(bytes.content, algorithm);
    if (found === digest) {
      return memoryBlob(bytes.content, false, trailingBytes);
    }
    if (isGzip(bytes.content)) {
      const inner = gunzipOrNull(bytes.content, MEMORY_LIMIT);
      if (inner === null) return null;
      if (digestOf(inner.content, algorithm) === digest)
        return memoryBlob(inner.content, true, trailingBytes);
    }
    throw mismatch(digest, found, path);
  }

  /** The compressed bytes in a buffer that the next call reuses, or null when there are too many. */
  private readCompressed(path: string): Buffer | null {
    const file = this.files.open(path);
    try {
      if (file.size > MEMORY_LIMIT) return null;
      if (this.buffer.length < file.size)
        this.buffer = Buffer.allocUnsafe(Math.min(MEMORY_LIMIT, file.size * 2));
      return this.buffer.subarray(0, readFully(file.fd, this.buffer, file.size));
    } catch (error) {
      throw readDefect(error, path);
    } finally {
      closeSync(file.fd);
    }
  }

  private async loadLarge(path: string, digest: string, algorithm: DigestAlgorithm): Promise<Blob> {
    const { end, size: fileSize } = await this.gzipEnd(path);
    const open = (gunzips: number): Readable => {
      const source = createReadStream(path, { fd: this.files.open(path).fd, start: 0, end: end - 1 });
      let stream: Readable = source;
      for (let i = 0; i < gunzips; i++) {
        const next = createGunzip();
        stream.on('error', (error) => next.destroy(error));
        next.on('close', () => source.destroy());
        stream = stream.pipe(next);
      }
      return stream;
    };
    const once = await this.hash(open(1), path, algorithm);
    const common = { trailingBytes: end < fileSize, kind: 'stream' as const };
    if (once.digest === digest) {
      return { ...common, size: once.size, doubleGzipped: false, open: () => asDefects(open(1), path) };
    }
    if (isGzip(once.head)) {
      const twice = await this.hash(open(2), path, algorithm);
      if (twice.digest === digest) {
        return { ...common, size: twice.size, doubleGzipped: true, open: () => asDefects(open(2), path) };
      }
    }
    throw mismatch(digest, once.digest, path);
  }

  private async gzipEnd(path: string): Promise<{ end: number; size: number }> {
    const file = this.files.open(path);
    try {
      return { end: await findGzipEnd(file.fd, file.size, this.meter(path)), size: file.size };
    } catch (error) {
      if (isOwn(error)) throw error;
      if (errorCode(error)?.startsWith('E')) throw readDefect(error, path);
      throw broken(`gunzip fails (${(error as Error).message})`, path);
    } finally {
      closeSync(file.fd);
    }
  }

  /** Told what came out of a blob. It throws when that is too much, or when the work is to end. */
  private meter(path: string): (bytes: number) => void {
    let size = 0;
    return (bytes) => {
      size += bytes;
      if (size > this.largest) throw broken(`it unpacks to more than ${this.largest} bytes`, path);
      if (this.isInterrupted()) throw new Interrupted();
    };
  }

  private async hash(
    content: Readable,
    path: string,
    algorithm: DigestAlgorithm,
  ): Promise<{ digest: string; size: number; head: Buffer }> {
    const hash = createHash(algorithm);
    let size = 0;
    let head = Buffer.alloc(0);
    const onUnpacked = this.meter(path);
    try {
      await pipeline(content, async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) {
          if (head.length < 2) head = Buffer.concat([head, chunk.subarray(0, 2)]);
          size += chunk.length;
          onUnpacked(chunk.length);
          hash.update(chunk);
        }
      });
    } catch (error) {
      if (isOwn(error)) throw error;
      if (errorCode(error)?.startsWith('Z_'))
        throw broken(`gunzip fails (${(error as Error).message})`, path);
      throw readDefect(error, path);
    }
    return { digest: finishDigest(hash), size, head };
  }
}

const isOwn = (error: unknown): boolean => error instanceof Defect || error instanceof Interrupted;

function gunzipOrNull(compressed: Buffer, hint: number): { content: Buffer; consumed: number } | null {
  const chunkSize = Math.max(1024, Math.min(hint, MEMORY_LIMIT) + 64);
  try {
    // with `info` the answer also tells how much of the input was used; the typings do not know it
    const { buffer, engine } = gunzipSync(compressed, {
      chunkSize,
      maxOutputLength: MEMORY_LIMIT,
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    return { content: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ERR_BUFFER_TOO_LARGE' || code?.startsWith('Z_')) return null;
    throw error;
  }
}

/** The same stream, whose failures name the file and the class. */
function asDefects(content: Readable, path: string): Readable {
  return Readable.from(
    (async function* () {
      try {
        for await (const chunk of content) yield chunk as Buffer;
      } catch (error) {
        throw streamDefect(error, path);
      }
    })(),
    { objectMode: false },
  );
}

function streamDefect(error: unknown, path: string): Defect {
  if (errorCode(error)?.startsWith('Z_')) return broken(`gunzip fails (${(error as Error).message})`, path);
  return readDefect(error, path);
}

const memoryBlob = (bytes: Buffer, doubleGzipped: boolean, trailingBytes: boolean): Blob => ({
  kind: 'memory',
  bytes,
  size: bytes.length,
  doubleGzipped,
  trailingBytes,
});

const mismatch = (expected: string, found: string, path: string): Defect => {
  const message = `the digest differs (expected ${expected}, found ${found}) at ${path}`;
  return new Defect('broken', message, path, null, { expected, found });
};
