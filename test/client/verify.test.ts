/** `lifeboat verify` with nothing but a folder. */
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/backup-path/digest';
import { blobPath } from '../../src/backup-path/layout';
import { accountInfo, mail, state, TestStore } from '../restore/store';
import { run, type Ended } from './cli';
import { Ground, JANE } from './ground';

let ground: Ground;
let store: TestStore;
const verify = (...args: string[]): Promise<Ended> =>
  run(['verify', 'old', '--embedded', ...args], ground.env, ground.dir);

const BOB = '22222222-0000-4000-8000-000000000002';

beforeEach(() => {
  ground = new Ground();
  store = new TestStore(ground.source);
  store.writer.account(accountInfo(JANE, 'jane@example.com'));
  store.writer.account(accountInfo(BOB, 'bob@example.com'));
  store.writer.serverConfig(
    {
      server: { name: 'm', attributes: {} },
      global: { attributes: {} },
      domains: [],
      coses: [],
      distributionLists: [],
    },
    new Date(),
  );
  for (let id = 257; id < 277; id++) store.message(JANE, id, mail(`m${id}`));
  store.message(BOB, 257, mail('bob'));
  store.writer.blob(mail('orphan'));
});
afterEach(() => ground.clean());

const bytes = (): number =>
  Array.from({ length: 20 }, (_, n) => mail(`m${257 + n}`).length).reduce((a, b) => a + b) +
  mail('bob').length +
  mail('orphan').length;

test('a clean store: exit code 0, and one document in the form for monitoring', async () => {
  const { code, stdout, stderr } = await verify('--json', '--threads', '2');
  expect(JSON.parse(stdout)).toEqual({ checked: 22 + 21, bytes: bytes(), orphans: 1, findings: [] });
  expect(code).toBe(0);
  expect(stderr).toMatch(/^Operation verify\/old-[0-9a-f]{12}$/m);
});

test('findings: exit code 3, each with account, item, class, reason and path', async () => {
  const missing = store.message(JANE, 300, mail('missing'));
  store.dropBlob(missing);
  const cut = store.message(BOB, 301, mail('cut'));
  truncateSync(join(ground.source, blobPath(cut)), 30);
  const long = store.message(JANE, 302, mail('long', 'x'.repeat(10_241)));
  const twice = mail('twice');
  store.writer.blob(twice);
  const twicePath = join(ground.source, blobPath(digestOf(twice)));
  store.writer.item(JANE, 303, [state({ digest: digestOf(twice) })]);
  const { writeFileSync, appendFileSync } = await import('node:fs');
  writeFileSync(twicePath, gzipSync(gzipSync(twice)));
  const tail = store.message(JANE, 304, mail('tail'));
  appendFileSync(join(ground.source, blobPath(tail)), 'foreign');

  const { code, stdout } = await verify('--json');
  expect(code).toBe(3);
  const document = JSON.parse(stdout) as { findings: { item: number }[] };
  expect(Object.keys(document)).toEqual(['checked', 'bytes', 'orphans', 'findings']);
  const file = (digest: string): string => join(ground.source, blobPath(digest));
  const entry = (account: string, item: number, kind: string, path: string): object => ({
    account,
    item,
    class: kind,
    reason: expect.any(String),
    path,
  });
  expect(document.findings.sort((a, b) => a.item - b.item)).toEqual([
    entry('jane@example.com', 300, 'read', file(missing)),
    entry('bob@example.com', 301, 'broken', file(cut)),
    entry('jane@example.com', 302, 'invalid', file(long)),
    entry('jane@example.com', 303, 'double-gzipped', twicePath),
  ]);

  const text = await verify();
  expect(text.code).toBe(3);
  expect(text.stdout).toContain('jane@example.com item:300: read: hard read error ENOENT');
  expect(text.stdout).toContain('what to do: Fetch the file from another copy');
  expect(text.stdout).toContain('jane@example.com item:304: trailing-bytes: intact');
  const dir = /^Report: {3}(.*) \(verify.txt/m.exec(text.stdout)?.[1] as string;
  expect(readFileSync(join(dir, 'verify.txt'), 'utf8')).toContain('Orphans:  1 blob\n');
});

test('only some accounts: theirs alone, orphans not counted', async () => {
  store.dropBlob(store.message(JANE, 300, mail('missing')));
  const { code, stdout } = await verify('--json', '--accounts', 'bob@example.com');
  expect(JSON.parse(stdout)).toEqual({ checked: 2, bytes: mail('bob').length, orphans: null, findings: [] });
  expect(code).toBe(0);
});

test('a sample reads a part of the blobs and all metadata, and misses no blob that is not there', async () => {
  for (let id = 1000; id < 2000; id++) store.message(JANE, id, mail(`s${id}`));
  store.dropBlob(store.message(JANE, 300, mail('missing')));
  const { code, stdout } = await verify('--json', '--sample', '10%');
  const { checked, findings } = JSON.parse(stdout) as { checked: number; findings: { item: number }[] };
  const blobs = checked - 1022;
  expect(blobs).toBeGreaterThan(50);
  expect(blobs).toBeLessThan(200);
  expect(findings.map(({ item }) => item)).toEqual([300]);
  expect(code).toBe(3);
});

test.each([
  [['--sample', '0%'], /part such as 5%/],
  [['--sample', 'all'], /part such as 5%/],
  [['--threads', '65'], /threads/],
  [['--accounts', 'nobody@example.com'], /has no account nobody@example.com/],
])('refuses %j', async (args, message) => {
  const { code, stderr } = await verify(...args);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
