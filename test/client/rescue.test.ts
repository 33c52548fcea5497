/** `lifeboat retry` and `lifeboat rescue`, after a restore of a damaged store. */
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import type { Rescued } from '../../src/rescue/model';
import { accountInfo, mail, state, TestStore } from '../restore/store';
import { run, type Ended } from './cli';
import { Ground, JANE } from './ground';

let ground: Ground;
let store: TestStore;
let restoreId: string;
/** Blobs by item, as they are before the damage. */
const blobs = new Map<number, string>();

const lifeboat = (...args: string[]): Promise<Ended> => run(args, ground.env, ground.dir);
const maildir = (): string => join(ground.target, 'example.com/jane/Maildir');
const inFolder = (folder: string): string[] => {
  const path = join(maildir(), folder, 'cur');
  return existsSync(path) ? readdirSync(path).map((name) => readFileSync(join(path, name), 'latin1')) : [];
};
const long = (n: number): Buffer =>
  Buffer.from(
    `Subject: long\r\n\r\n${Array.from({ length: n }, (_, i) => `line ${i} ${(i * 7919) % 9973}\r\n`).join('')}`,
  );

beforeEach(() => {
  ground = new Ground();
  store = new TestStore(ground.source);
  store.writer.account(accountInfo(JANE, 'jane@example.com'));
  for (let id = 257; id < 260; id++) store.message(JANE, id, mail(`m${id}`));
  const file = (digest: string): string => join(ground.source, blobPath(digest));
  // 300: current state cut off, an older one intact
  const old = store.writer.blob(mail('old'));
  const now = store.writer.blob(mail('now'));
  truncateSync(file(now), 30);
  store.writer.item(JANE, 300, [
    state({ start: Date.UTC(2024, 0, 1), end: Date.UTC(2024, 1, 1), digest: old }),
    state({ start: Date.UTC(2024, 1, 1), digest: now }),
  ]);
  // 301: cut off, no other state
  const cut = store.message(JANE, 301, long(5000));
  truncateSync(file(cut), Math.floor(readFileSync(file(cut)).length / 2));
  // 302: gone
  blobs.set(302, store.message(JANE, 302, mail('gone')));
  store.dropBlob(blobs.get(302) as string);
  // 303: damaged metadata, which still name an intact blob
  const named = store.message(JANE, 303, mail('named'));
  writeFileSync(join(ground.source, itemPath(JANE, 303)), `[{"type":"message","digest":"${named}","folder`);
  // 304: compressed twice and cut off
  const twice = store.message(JANE, 304, long(6000));
  const doubled = gzipSync(gzipSync(long(6000)));
  writeFileSync(file(twice), doubled.subarray(0, Math.floor(doubled.length * 0.7)));
});
afterEach(() => ground.clean());

/** Restores what can be restored. */
async function restore(): Promise<void> {
  const command = ['restore', 'old', '--target', 'maildir:mail', '--embedded', '--json'];
  const { stdout } = await lifeboat(...command);
  const result = JSON.parse(stdout) as { operationId: string; restored: number; unrestored: number };
  expect(result).toMatchObject({ restored: 3, unrestored: 5 });
  restoreId = result.operationId;
}

const index = (dir: string): Rescued[] =>
  (JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8')) as { items: Rescued[] }).items;

test('rescues the items of a report: files, an index, and the folder Rescued, once', async () => {
  await restore();
  mkdirSync(join(ground.dir, 'out', `jane_example.com-${JANE}`), { recursive: true });
  const mine = join(ground.dir, 'out', `jane_example.com-${JANE}`, '300.older-state.eml');
  writeFileSync(mine, 'mine');
  const args = ['rescue', '--report', restoreId, '--out', 'out', '--inject', '--embedded'];
  const { code, stdout, stderr } = await lifeboat(...args, '--json');
  expect(stderr).toContain('Operation rescue/');
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'partial',
    items: 5,
    intact: 0,
    olderState: 1,
    salvaged: 3,
    lost: 1,
    injected: { restored: 4, skipped: 0, unrestored: 0 },
  });
  expect(code).toBe(3);

  const out = join(ground.dir, 'out');
  const items = index(out);
  const byItem = (item: number): Rescued => items.find((one) => one.item === item) as Rescued;
  const content = (item: number): Buffer => readFileSync(join(out, byItem(item).file as string));
  expect(byItem(300)).toMatchObject({ status: 'older-state', state: '2024-01-01T00:00:00.000Z' });
  expect(byItem(300).file).toMatch(/300\.older-state-2\.eml$/);
  expect(content(300)).toEqual(mail('old'));
  expect(readFileSync(mine, 'utf8')).toBe('mine');
  const marked = /^X-Lifeboat-Salvaged: .*\r\n/;
  for (const [item, whole] of [
    [301, long(5000)],
    [304, long(6000)],
  ] as const) {
    expect(byItem(item)).toMatchObject({
      status: 'salvaged',
      reason: expect.stringContaining('gunzip fails'),
    });
    expect(byItem(item).file).toContain('.salvaged.eml');
    const text = content(item).toString();
    expect(text).toMatch(marked);
    const left = text.replace(marked, '');
    expect(left.length).toBeGreaterThan(whole.length / 4);
    expect(whole.toString().startsWith(left)).toBe(true);
  }
  expect(byItem(303)).toMatchObject({ status: 'salvaged', reason: expect.stringContaining('no valid JSON') });
  expect(content(303).toString().replace(marked, '')).toBe(mail('named').toString());
  expect(byItem(302)).toMatchObject({
    status: 'lost',
    file: null,
    remedy: expect.stringContaining('another copy'),
  });
  expect(readFileSync(join(out, 'index.txt'), 'utf8')).toMatch(/item:302: LOST/);

  expect(inFolder('.Rescued')).toEqual([mail('old').toString('latin1')]);
  expect(inFolder('.Rescued.Salvaged')).toHaveLength(3);
  for (const text of inFolder('.Rescued.Salvaged')) expect(text).toMatch(marked);

  // again, under an id of its own: nothing twice, nothing replaced
  const again = await lifeboat(...args, '--operation-id', 'again');
  expect(again.stdout).toMatch(/Injected into Rescued: 0 items; 4 were there, 0 not taken/);
  expect(inFolder('.Rescued.Salvaged')).toHaveLength(3);
  expect(readdirSync(join(out, `jane_example.com-${JANE}`))).toHaveLength(5);
  expect(index(out)).toEqual(items);
});

test('a list of items, without a report or a target', async () => {
  const args = ['rescue', 'jane@example.com', 'item:257,', '300', '--backup-path', 'old', '--embedded'];
  const { code, stdout } = await lifeboat(...args);
  expect(stdout).toContain(
    'Rescue completed: 1 item intact, 1 in an earlier state, 0 salvaged in part, 0 lost',
  );
  expect(code).toBe(0);
  const dir = /^Files: {4}(.*) \(index/m.exec(stdout)?.[1] as string;
  expect(index(dir).map(({ item, status }) => [item, status])).toEqual([
    [257, 'intact'],
    [300, 'older-state'],
  ]);
  expect(inFolder('.Rescued')).toEqual([]);
});

test('a folder has no content: that is not a loss', async () => {
  store.writer.item(JANE, 310, [state({ type: 'folder', name: 'Empty', digest: null })]);
  const args = ['rescue', 'jane@example.com', '310', '--backup-path', 'old', '--embedded'];
  const { code, stdout } = await lifeboat(...args);
  expect(stdout).toContain('0 lost, 1 without content');
  expect(code).toBe(0);
  const dir = /^Files: {4}(.*) \(index/m.exec(stdout)?.[1] as string;
  expect(readFileSync(join(dir, 'index.txt'), 'utf8')).toContain('a folder has no content');
});

test('the injection goes into accounts that are there; if it cannot, the files are there all the same', async () => {
  const args = [
    'rescue',
    'jane@example.com',
    '257',
    '--backup-path',
    'old',
    '--inject',
    '--target',
    'maildir:other',
  ];
  const { code, stdout } = await lifeboat(...args, '--embedded');
  expect(stdout).toMatch(/Not injected: This domain is not in the target/);
  expect(code).toBe(3);
  const dir = /^Files: {4}(.*) \(index/m.exec(stdout)?.[1] as string;
  expect(existsSync(join(dir, index(dir)[0]?.file as string))).toBe(true);
});

test('retry brings back only what was mended, and a later retry skips it', async () => {
  await restore();
  const gone = join(ground.source, blobPath(blobs.get(302) as string));
  writeFileSync(gone, gzipSync(mail('gone')));
  expect(gunzipSync(readFileSync(gone))).toEqual(mail('gone'));
  const { code, stdout, stderr } = await lifeboat(
    'retry',
    restoreId,
    '--classes',
    'read',
    '--embedded',
    '--json',
  );
  expect(stderr).toContain('Operation retry/');
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'completed',
    source: 1,
    restored: 1,
    skipped: 0,
    unrestored: 0,
    accounts: { 'jane@example.com': { restored: 1, unrestored: [] } },
  });
  expect(code).toBe(0);
  expect(ground.subjects()).toEqual(['gone', 'm257', 'm258', 'm259']);

  const all = await lifeboat('retry', restoreId, '--embedded', '--json');
  expect(JSON.parse(all.stdout)).toMatchObject({
    status: 'partial',
    source: 5,
    restored: 0,
    skipped: 1,
    unrestored: 4,
  });
  expect(all.code).toBe(3);
  expect(ground.subjects()).toEqual(['gone', 'm257', 'm258', 'm259']);

  const none = await lifeboat('retry', restoreId, '--classes', 'invalid', '--embedded');
  expect(none.stdout).toContain('nothing to try again');
  expect(none.code).toBe(0);
});

test.each([
  [['rescue'], /give either a report or items/],
  [['rescue', 'jane@example.com', '7'], /sourcePath: is needed/],
  [
    ['rescue', 'jane@example.com', '7', '--backup-path', 'old', '--out', 'old/out', '--embedded'],
    /lie one in the other/,
  ],
  [['retry', 'no/such', '--embedded'], /Retry failed\. .*no report of an operation no\/such/],
  [['retry', 'x', '--classes', 'odd'], /classes/],
])('refuses %j', async (args, message) => {
  const { code, stderr } = await lifeboat(...args);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
