/** Blobs as they are met on disk, and how each is classed. */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { blobPath } from '../../src/backup-path/layout';
import type { Blob } from '../../src/backup-path/blob';
import { defectOf, gz, Kit, sampleContent, sha256, sha384, unprivileged } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

const load = (digest: string): Promise<Blob> => kit.open().blobs.load(digest);

async function bytesOf(blob: Blob): Promise<Buffer> {
  if (blob.kind === 'memory') return blob.bytes;
  const chunks: Buffer[] = [];
  for await (const chunk of blob.open()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function expectIntact(
  digest: string,
  content: Buffer,
  notes: Partial<Pick<Blob, 'doubleGzipped' | 'trailingBytes'>> = {},
): Promise<void> {
  const blob = await load(digest);
  expect(blob).toMatchObject({
    size: content.length,
    doubleGzipped: false,
    trailingBytes: false,
    ...notes,
  });
  expect((await bytesOf(blob)).equals(content)).toBe(true);
  // a stream can be opened again, for a second attempt
  expect((await bytesOf(blob)).equals(content)).toBe(true);
}

const content = sampleContent();
const digest = sha256(content);

describe('intact', () => {
  test.each([0, 1, 2, 1000, 300_000])('%d bytes', async (size) => {
    const bytes = randomBytes(size);
    expect(kit.made.writer.blob(bytes)).toBe(sha256(bytes));
    await expectIntact(sha256(bytes), bytes);
  });

  test('a SHA-384 digest', async () => {
    expect(sha384(content)).toHaveLength(64);
    kit.putBlob(sha384(content), gz(content));
    await expectIntact(sha384(content), content);
  });

  test('compressed twice, which is noted', async () => {
    kit.putBlob(digest, gz(gz(content)));
    await expectIntact(digest, content, { doubleGzipped: true });
  });

  test('a message that is gzip data itself is not unpacked', async () => {
    const archive = gz(content);
    kit.putBlob(sha256(archive), gz(archive));
    await expectIntact(sha256(archive), archive);
  });

  test('several gzip members', async () => {
    const parts = [content.subarray(0, 5000), content.subarray(5000, 5001), content.subarray(5001)];
    kit.putBlob(digest, Buffer.concat(parts.map(gz)));
    await expectIntact(digest, content);
  });

  test.each([
    ['text', Buffer.from('garbage')],
    ['a single byte', Buffer.from([7])],
    ['zeros', Buffer.alloc(512)],
    ['zeros and then text', Buffer.from('\0\0\0garbage')],
    ['two bytes that begin a gzip member', Buffer.from([0x1f, 0x8b])],
    ['what looks like a gzip member', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), randomBytes(100)])],
    ['a gzip member that is cut off', gz(content).subarray(0, 200)],
    ['text whose last bytes read as a huge size', Buffer.from('garbage\xff\xff\xff\xff', 'latin1')],
  ])('with bytes behind its data (%s), which is noted', async (_name, tail) => {
    appendFileSync(kit.putBlob(digest, gz(content)), tail);
    await expectIntact(digest, content, { trailingBytes: true });
  });

  test('compressed twice and with bytes behind its data', async () => {
    appendFileSync(kit.putBlob(digest, gz(gz(content))), 'garbage');
    await expectIntact(digest, content, { trailingBytes: true, doubleGzipped: true });
  });

  test('one reader for blobs of all sizes, again and again', async () => {
    const store = kit.open();
    const all = [10, 400_000, 20, 2_000_000, 0, 30].map((size) => randomBytes(size));
    all.forEach((bytes) => kit.made.writer.blob(bytes));
    const blobs = await Promise.all([...all, ...all].map((bytes) => store.blobs.load(sha256(bytes))));
    for (const [i, blob] of blobs.entries()) {
      expect((await bytesOf(blob)).equals(all[i % all.length] as Buffer)).toBe(true);
    }
  });
});

describe('broken', () => {
  test('empty', async () => {
    const path = kit.putBlob(digest, Buffer.alloc(0));
    const defect = await defectOf(() => load(digest));
    expect(defect).toMatchObject({ kind: 'broken', message: `the blob is empty at ${path}`, path });
  });

  test.each([
    ['half', (size: number) => size / 2],
    ['all but the last byte', (size: number) => size - 1],
    ['all but the size', (size: number) => size - 4],
    ['all but size and checksum', (size: number) => size - 8],
    ['17 bytes', () => 17],
    ['1 byte', () => 1],
  ])('cut off: %s', async (_name, length) => {
    const path = kit.putBlob(digest, gz(content));
    truncateSync(path, Math.floor(length(gz(content).length)));
    expect(await defectOf(() => load(digest))).toMatchObject({ kind: 'broken', soft: false, path });
  });

  test('cut off within the second of two members', async () => {
    const bytes = Buffer.concat([gz(content.subarray(0, 5000)), gz(content.subarray(5000))]);
    kit.putBlob(digest, bytes.subarray(0, bytes.length - 3));
    expect(await defectOf(() => load(digest))).toMatchObject({ kind: 'broken' });
  });

  test('another content than its name says', async () => {
    const path = kit.putBlob(digest, gz(Buffer.from('something else')));
    const defect = await defectOf(() => load(digest));
    expect(defect).toMatchObject({ kind: 'broken', path });
    expect(defect.message).toContain(`expected ${digest}, found ${sha256(Buffer.from('something else'))}`);
  });

  test('another content with bytes behind its data', async () => {
    appendFileSync(kit.putBlob(digest, gz(Buffer.from('something else'))), 'garbage');
    expect(await defectOf(() => load(digest))).toMatchObject({ kind: 'broken' });
  });

  test.each([0, 3, 100, -8, -5])('a wrong byte at %d', async (at) => {
    const bytes = gz(content);
    const place = at < 0 ? bytes.length + at : at;
    bytes[place] = (bytes[place] ?? 0) ^ 0xff;
    kit.putBlob(digest, bytes);
    expect(await defectOf(() => load(digest))).toMatchObject({ kind: 'broken' });
  });

  test('no gzip data at all', async () => {
    kit.putBlob(digest, content);
    expect(await defectOf(() => load(digest))).toMatchObject({ kind: 'broken' });
  });

  test('compressed three times', async () => {
    kit.putBlob(digest, gz(gz(gz(content))));
    expect(await defectOf(() => load(digest))).toMatchObject({ kind: 'broken' });
  });

  test.each([
    '/etc/passwd',
    '../..',
    '../../../../../../../../../../../../etc/passwd',
    '',
    '.',
    digest.slice(1),
    `${digest}=`,
    `/${digest.slice(1)}`,
    `${digest.slice(0, 20)}\n${digest.slice(21)}`,
    `${digest}\n`,
    '\0'.repeat(44),
  ])('a digest that is none: %j', async (name) => {
    expect(await defectOf(() => load(name))).toMatchObject({ kind: 'broken', path: kit.root });
  });
});

describe('read errors', () => {
  test('missing is hard', async () => {
    const defect = await defectOf(() => load(digest));
    expect(defect).toMatchObject({ kind: 'read', code: 'ENOENT', soft: false });
    expect(defect.message).toContain('hard read error ENOENT');
  });

  test('missing in a folder that is there is hard', async () => {
    const path = kit.putBlob(digest, gz(content));
    rmSync(path);
    expect(await defectOf(() => load(digest))).toMatchObject({ kind: 'read', code: 'ENOENT', path });
  });

  test('unreadable is soft', async () => {
    const path = kit.putBlob(digest, gz(content));
    chmodSync(path, 0);
    chmodSync(kit.root, 0o755);
    const store = kit.open();
    for (const folder of ['items', blobPath(digest).slice(0, 8)]) chmodSync(kit.path(folder), 0o755);
    const defect = await defectOf(() => unprivileged(() => store.blobs.load(digest)));
    expect(defect).toMatchObject({ kind: 'read', code: 'EACCES', soft: true, path });
    expect(defect.message).toContain('soft read error EACCES');
    chmodSync(path, 0o644);
    await expect(unprivileged(() => store.blobs.load(digest))).resolves.toMatchObject({
      size: content.length,
    });
  });

  test('in a folder that may not be entered: soft', async () => {
    kit.putBlob(digest, gz(content));
    chmodSync(kit.root, 0o755);
    chmodSync(kit.path('items'), 0o600);
    const store = kit.open();
    const defect = await defectOf(() => unprivileged(() => store.blobs.load(digest)));
    expect(defect).toMatchObject({ kind: 'read', code: 'EACCES', soft: true });
  });

  test('a folder in its place is hard', async () => {
    const path = kit.path(blobPath(digest));
    mkdirSync(path, { recursive: true });
    expect(await defectOf(() => load(digest))).toMatchObject({
      kind: 'read',
      code: 'EISDIR',
      soft: false,
      path,
    });
  });
});

test('reading changes nothing', async () => {
  const path = kit.putBlob(digest, gz(content));
  const before = readFileSync(path);
  await load(digest);
  expect(readFileSync(path).equals(before)).toBe(true);
});
