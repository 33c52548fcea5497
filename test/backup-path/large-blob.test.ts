/** Messages above what is held in memory. */
import { createHash } from 'node:crypto';
import { appendFileSync, createWriteStream, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGzip, gunzipSync, gzipSync } from 'node:zlib';
import { BlobReader, MEMORY_LIMIT, type Blob } from '../../src/backup-path/blob';
import { Interrupted } from '../../src/backup-path/defect';
import { toBlobName } from '../../src/backup-path/digest';
import { blobPath } from '../../src/backup-path/layout';
import { SafeFiles } from '../../src/backup-path/safe-fs';
import { defectOf, Kit, sha256 } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

const load = (digest: string): Promise<Blob> => kit.open().blobs.load(digest);

const compressible = (size: number): Buffer =>
  Buffer.alloc(size, 'A line of text that is the same again and again.\r\n');
const fast = (content: Uint8Array): Buffer => gzipSync(content, { level: 1 });

async function hashOf(blob: Blob, onChunk: () => unknown = () => undefined): Promise<string> {
  if (blob.kind !== 'stream') throw new Error('not a stream');
  const hash = createHash('sha256');
  for await (const chunk of blob.open()) {
    hash.update(chunk as Buffer);
    onChunk();
  }
  return toBlobName(hash.digest('base64'));
}

test.each([
  [MEMORY_LIMIT, 'memory'],
  [MEMORY_LIMIT - 1, 'memory'],
  [MEMORY_LIMIT + 1, 'stream'],
])('%d bytes are given as %s', async (size, kind) => {
  const content = compressible(size);
  const digest = sha256(content);
  kit.putBlob(digest, fast(content));
  const blob = await load(digest);
  expect(blob).toMatchObject({ kind, size, doubleGzipped: false, trailingBytes: false });
  if (blob.kind === 'memory') expect(blob.bytes.equals(content)).toBe(true);
  else expect(await hashOf(blob)).toBe(digest);
});

test('compressed twice, several members and bytes behind: as with small ones', async () => {
  const content = compressible(MEMORY_LIMIT + 1);
  const digest = sha256(content);
  const path = kit.putBlob(digest, gzipSync(fast(content)));
  const twice = await load(digest);
  expect(twice).toMatchObject({ kind: 'stream', size: content.length, doubleGzipped: true });
  expect(await hashOf(twice)).toBe(digest);

  writeFileSync(path, Buffer.concat([fast(content.subarray(0, 77)), fast(content.subarray(77))]));
  appendFileSync(path, 'garbage');
  const members = await load(digest);
  expect(members).toMatchObject({ kind: 'stream', doubleGzipped: false, trailingBytes: true });
  expect(await hashOf(members)).toBe(digest);
});

test('cut off or of another content: broken', async () => {
  const content = compressible(MEMORY_LIMIT + 1);
  const digest = sha256(content);
  const bytes = fast(content);
  const path = kit.putBlob(digest, bytes);
  for (const length of [bytes.length - 1, bytes.length - 8, bytes.length >> 1]) {
    truncateSync(path, length);
    expect(await defectOf(() => load(digest))).toMatchObject({ kind: 'broken', path });
  }
  writeFileSync(path, fast(compressible(MEMORY_LIMIT + 2)));
  expect((await defectOf(() => load(digest))).message).toContain('digest differs');
});

test('a size in the trailer that lies allocates nothing and changes nothing', async () => {
  const content = Buffer.from('Subject: small\r\n\r\nHello.\r\n');
  const digest = sha256(content);
  const bytes = gzipSync(content);
  expect(gunzipSync(bytes).equals(content)).toBe(true);
  bytes.writeUInt32LE(0xffffffff, bytes.length - 4);
  kit.putBlob(digest, bytes);
  expect(await defectOf(() => load(digest))).toMatchObject({ kind: 'broken' });
});

test('what unpacks to a great deal more than it says is read as a stream', async () => {
  // the last member says 5 bytes; the first has 40 MB
  const content = Buffer.concat([compressible(40 << 20), Buffer.from('short')]);
  const digest = sha256(content);
  kit.putBlob(digest, Buffer.concat([fast(content.subarray(0, 40 << 20)), fast(Buffer.from('short'))]));
  expect(await load(digest)).toMatchObject({ kind: 'stream', size: content.length });
});

test('a message of 300 MB takes no more memory than a small one', async () => {
  const size = 300 << 20;
  const block = compressible(1 << 20);
  const hash = createHash('sha256');
  const made = kit.path('made.gz');
  const gzip = createGzip({ level: 1 });
  const file = gzip.pipe(createWriteStream(made));
  for (let done = 0; done < size; done += block.length) {
    hash.update(block);
    if (!gzip.write(block)) await new Promise((resolve) => gzip.once('drain', resolve));
  }
  gzip.end();
  await finished(file);
  const digest = toBlobName(hash.digest('base64'));
  const { renameSync } = await import('node:fs');
  mkdirSync(dirname(kit.path(blobPath(digest))));
  renameSync(made, kit.path(blobPath(digest)));

  // what is held, not what waits to be collected; a collection is dear in a large heap, so there are only some
  const collect = collector();
  const used = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  let most = 0;
  let chunks = 0;
  const look = (): boolean => {
    if (++chunks % 4000 === 0) most = Math.max(most, used());
    return false;
  };
  const { blobs } = kit.open();
  blobs.isInterrupted = look;
  const blob = await blobs.load(digest);
  expect(blob).toMatchObject({ kind: 'stream', size });
  expect(await hashOf(blob, look)).toBe(digest);
  expect(most).toBeGreaterThan(0);
  expect(most - before).toBeLessThan(64 << 20);
});

/** The garbage collector of this process. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

describe('a bomb', () => {
  const nothing = fast(Buffer.alloc(64 << 20));
  test.each([
    ['compressed once', nothing],
    ['compressed twice', fast(nothing)],
    [
      'compressed twice, in a later member',
      Buffer.concat([fast(Buffer.from('a')), fast(Buffer.alloc(64 << 20))]),
    ],
  ])('%s: no more than the limit is unpacked, and it is broken', async (_, bytes) => {
    const digest = sha256(Buffer.from('what it should be'));
    const path = kit.putBlob(digest, bytes);
    const reader = new BlobReader(new SafeFiles(kit.root), 32 << 20);
    const defect = await defectOf(() => reader.load(digest));
    expect(defect).toMatchObject({ kind: 'broken', path });
    expect(defect.message).toContain('it unpacks to more than 33554432 bytes');
  });
});

test('who is to stop does not read a large blob to its end', async () => {
  const content = compressible(MEMORY_LIMIT + 1);
  const digest = sha256(content);
  kit.putBlob(digest, fast(content));
  const { blobs } = kit.open();
  let looks = 0;
  blobs.isInterrupted = () => ++looks > 3;
  await expect(blobs.load(digest)).rejects.toBeInstanceOf(Interrupted);
  expect(looks).toBe(4);
  blobs.isInterrupted = () => false;
  expect(await blobs.load(digest)).toMatchObject({ kind: 'stream' });
});

test('a reader that stops early leaves no file open', async () => {
  const content = compressible(MEMORY_LIMIT + 1);
  const digest = sha256(content);
  const path = kit.putBlob(digest, fast(content));
  const { readdirSync, readlinkSync } = await import('node:fs');
  const open = (): number =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false; // the one that listed them
      }
    }).length;
  const blob = await load(digest);
  if (blob.kind !== 'stream') throw new Error('not a stream');
  for await (const chunk of blob.open()) {
    expect((chunk as Buffer).length).toBeGreaterThan(0);
    expect(open()).toBe(1);
    break;
  }
  for (let i = 0; i < 100 && open() > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(open()).toBe(0);
});
