/** What is left of damaged blobs. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { findContent } from '../../src/rescue/find-content';
import { salvage } from '../../src/rescue/salvage';
import { ACCOUNT, gz, Kit, sampleContent, sha256 } from '../backup-path/kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

async function salvaged(digest: string, promised = 0): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of salvage(kit.open(), digest, promised)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const content = sampleContent(20_000);
const digest = sha256(content);

test.each([0.01, 0.3, 0.9, 0.9999])('cut off after %d: all that is before', async (part) => {
  const whole = gz(content);
  kit.putBlob(digest, whole.subarray(0, Math.floor(whole.length * part)));
  const left = await salvaged(digest);
  expect(content.subarray(0, left.length).equals(left)).toBe(true);
  expect(left.length).toBeGreaterThan(content.length * part * 0.5 - 20_000);
});

test('overwritten in the middle: what is before the damage, and a little that nothing proves', async () => {
  const whole = gz(content);
  randomBytes(2000).copy(whole, Math.floor(whole.length / 2));
  kit.putBlob(digest, whole);
  const left = await salvaged(digest);
  const same = content.findIndex((byte, at) => byte !== left[at]);
  expect(same).toBeGreaterThan(content.length * 0.4);
  expect(left.length).toBeLessThan(content.length);
});

test('compressed twice and cut off', async () => {
  const whole = gzipSync(gz(content));
  kit.putBlob(digest, whole.subarray(0, Math.floor(whole.length * 0.6)));
  const left = await salvaged(digest);
  expect(left.length).toBeGreaterThan(content.length * 0.4);
  expect(content.subarray(0, left.length).equals(left)).toBe(true);
});

test('other content, with foreign bytes behind it: that content', async () => {
  kit.putBlob(digest, Buffer.concat([gz(Buffer.from('other')), randomBytes(3000)]));
  expect((await salvaged(digest)).toString()).toBe('other');
});

test.each([
  ['an empty file', Buffer.alloc(0)],
  ['no gzip', randomBytes(5000)],
  ['the bytes 1f 8b alone', Buffer.from([0x1f, 0x8b])],
])('%s: nothing', async (_, bytes) => {
  kit.putBlob(digest, bytes);
  expect(await salvaged(digest)).toHaveLength(0);
  kit.item(300, { digest });
  expect((await findContent(kit.open(), ACCOUNT, 300)).content).toBeNull();
});

test('what would fill the disk is cut at what the metadata promise, or a bound', async () => {
  kit.putBlob(digest, gz(Buffer.alloc(80 * 1024 * 1024)));
  expect((await salvaged(digest, 10)).length).toBe(64 * 1024 * 1024);
  expect((await salvaged(digest, 70 * 1024 * 1024)).length).toBe(70 * 1024 * 1024);
});

test('the newest state that verifies comes before anything that is salvaged', async () => {
  const old = kit.made.writer.blob(Buffer.from('old'));
  const older = kit.made.writer.blob(Buffer.from('older'));
  const path = kit.putBlob(digest, gz(content).subarray(0, 500));
  kit.item(300, { digest: older }, { digest: old }, { digest });
  const found = await findContent(kit.open(), ACCOUNT, 300);
  expect(found.content).toMatchObject({ status: 'older-state', state: { digest: old } });
  expect(found.defect).toMatchObject({ kind: 'broken', path });
  writeFileSync(path, gz(content));
  expect((await findContent(kit.open(), ACCOUNT, 300)).content).toMatchObject({ status: 'intact' });
  expect(readFileSync(path)).toEqual(gz(content));
});

test('damaged metadata are not read where a link leads out of the store', async () => {
  const proved = kit.made.writer.blob(content);
  const outside = join(kit.base, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, '300'), `["${proved}"`);
  mkdirSync(kit.path(`accounts/${ACCOUNT}/items`), { recursive: true });
  symlinkSync(outside, kit.path(`accounts/${ACCOUNT}/items/00`));
  const found = await findContent(kit.open(), ACCOUNT, 300);
  expect(found.defect?.message).toMatch(/a link that leaves the Backup Path/);
  expect(found.content).toBeNull();
});

test('damaged metadata that name a damaged blob: what is left of that', async () => {
  kit.putBlob(digest, gz(content).subarray(0, 500));
  kit.putItem(300, `[{"type":"message","digest":"${digest}","folder`);
  const found = await findContent(kit.open(), ACCOUNT, 300);
  expect(found.content).toMatchObject({ status: 'salvaged', state: null });
  const chunks: Buffer[] = [];
  for await (const chunk of found.content?.open() ?? []) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).length).toBeGreaterThan(100);
});
