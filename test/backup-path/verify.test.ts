/** Verifying a whole store, with every kind of damage in it. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import { verifyStore, type VerifyOptions } from '../../src/backup-path/verify';
import type { VerifyFinding, VerifySummary } from '../../src/backup-path/verify-model';
import { accountInfo } from '../restore/store';
import { ACCOUNT, gz, Kit, sampleContent, sha256, sha384 } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
  kit.made.writer.serverConfig(
    {
      server: { name: 'mail', attributes: {} },
      global: { attributes: {} },
      domains: [],
      coses: [],
      distributionLists: [],
    },
    new Date(),
  );
});
afterEach(() => kit.remove());

interface Verified extends VerifySummary {
  readonly told: VerifyFinding[];
}

const byPlace = (a: VerifyFinding, b: VerifyFinding): number =>
  JSON.stringify([a.account, a.item, a.class, a.path]) < JSON.stringify([b.account, b.item, b.class, b.path])
    ? -1
    : 1;

async function verify(options: VerifyOptions = {}): Promise<Verified> {
  const told: VerifyFinding[] = [];
  const summary = await verifyStore(kit.root, {
    threads: 1,
    onFinding: (finding) => told.push(finding),
    ...options,
  });
  return { ...summary, told: told.sort(byPlace) };
}

/** A message of its own; answers its digest. */
function message(item: number, account = ACCOUNT): string {
  return kit.made.message(account, item, Buffer.from(`Subject: ${item} of ${account}\r\n\r\nHello.\r\n`));
}
const path = (digest: string): string => kit.path(blobPath(digest));
const NONE = { read: 0, broken: 0, invalid: 0, 'double-gzipped': 0, 'trailing-bytes': 0 };

test('a sound store', async () => {
  for (let i = 0; i < 150; i++) message(257 + i);
  kit.item(1000, { type: 'folder', name: 'x' });
  kit.item(1001, { digest: message(257) }, { type: 'message', digest: message(258), deleted: true });
  const { told, ...summary } = await verify();
  expect(told).toEqual([]);
  const bytes = summary.bytes;
  expect(summary).toEqual({
    blobs: 150,
    bytes,
    accounts: 1,
    items: 152,
    complete: true,
    orphans: 0,
    findings: NONE,
    cursor: null,
  });
  const size = Buffer.byteLength(`Subject: 257 of ${ACCOUNT}\r\n\r\nHello.\r\n`);
  expect(bytes).toBe(150 * size);
});

test('an empty store', async () => {
  rmSync(kit.path('accounts'), { recursive: true });
  mkdirSync(kit.path('accounts'));
  expect(await verify()).toMatchObject({
    blobs: 0,
    items: 0,
    accounts: 0,
    orphans: 0,
    complete: true,
    told: [],
  });
});

/** Damage, each in an item of its own; answers what is to be found. */
function damage(): Omit<VerifyFinding, 'reason'>[] {
  const expected: Omit<VerifyFinding, 'reason'>[] = [];
  const expectAt = (item: number | null, kind: VerifyFinding['class'], at: string, account = ACCOUNT): void =>
    void expected.push({ account, item, class: kind, path: at });

  const missing = message(301);
  rmSync(path(missing));
  expectAt(301, 'read', path(missing));

  const empty = message(302);
  writeFileSync(path(empty), '');
  expectAt(302, 'broken', path(empty));

  const cut = message(303);
  truncateSync(path(cut), 30);
  expectAt(303, 'broken', path(cut));

  const other = message(304);
  writeFileSync(path(other), gz(Buffer.from('other')));
  expectAt(304, 'broken', path(other));

  const twice = sampleContent(5);
  kit.putBlob(sha256(twice), gz(gz(twice)));
  kit.item(305, { digest: sha256(twice) });
  expectAt(305, 'double-gzipped', path(sha256(twice)));

  const tail = message(306);
  appendFileSync(path(tail), 'tail');
  expectAt(306, 'trailing-bytes', path(tail));

  const long = kit.made.message(ACCOUNT, 307, Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(10_241)}\r\n`));
  expectAt(307, 'invalid', path(long));
  // a rule for messages only
  kit.item(308, { digest: long, type: 'contact' });
  kit.made.message(ACCOUNT, 309, Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(10_240)}\r\n`));

  expectAt(310, 'broken', kit.putItem(310, 'no JSON'));
  expectAt(311, 'broken', kit.putItem(311, ''));
  kit.item(312, {});
  expectAt(312, 'broken', kit.path(itemPath(ACCOUNT, 312)));
  kit.item(313, { digest: '../../etc/passwd' });
  expectAt(313, 'broken', kit.path(itemPath(ACCOUNT, 313)));
  message(415);
  renameSync(kit.path(itemPath(ACCOUNT, 415)), kit.path(`accounts/${ACCOUNT}/items/13/415`));
  expectAt(415, 'broken', kit.path(`accounts/${ACCOUNT}/items/13/415`));
  mkdirSync(kit.path(itemPath(ACCOUNT, 316)), { recursive: true });
  expectAt(316, 'read', kit.path(itemPath(ACCOUNT, 316)));

  const drive = sampleContent(6);
  kit.putBlob(sha384(drive), gz(drive));
  kit.item(317, { digest: sha384(drive), type: 'document' });

  kit.made.writer.item('no-info', 257, []);
  expectAt(null, 'read', kit.path('accounts/no-info/account_info'), 'no-info');
  expectAt(257, 'broken', kit.path(itemPath('no-info', 257)), 'no-info');
  return expected.sort((a, b) => byPlace({ ...a, reason: '' }, { ...b, reason: '' }));
}

test.each([1, 2, 5])('every kind of damage, by %d threads', async (threads) => {
  for (let i = 0; i < 50; i++) message(2000 + i);
  const expected = damage();
  const { told, findings, orphans } = await verify({ threads });
  expect(told.map(({ reason: _reason, evidence: _evidence, ...rest }) => rest)).toEqual(expected);
  for (const { reason } of told) expect(reason).not.toBe('');
  const proof = (item: number) => told.find((finding) => finding.item === item)?.evidence;
  expect(proof(301)).toMatchObject({ error: 'ENOENT', severity: 'hard' });
  expect(proof(304)).toMatchObject({ found: sha256(Buffer.from('other')), expected: expect.any(String) });
  expect(findings).toEqual({ read: 3, broken: 9, invalid: 1, 'double-gzipped': 1, 'trailing-bytes': 1 });
  // the one whose item is where nobody looks
  expect(orphans).toBe(1);
});

test('a damaged blob is told once for each item that names it, with the state', async () => {
  kit.made.writer.account(accountInfo('a2', 'jack@example.com'));
  const bad = message(301);
  const good = message(302);
  truncateSync(path(bad), 25);
  kit.made.message('a2', 77, Buffer.from(`Subject: 301 of ${ACCOUNT}\r\n\r\nHello.\r\n`));
  truncateSync(path(bad), 25);
  kit.item(303, { digest: bad, start: Date.UTC(2020, 0, 1) }, { digest: bad }, { digest: good });
  kit.item(304, { digest: bad, start: Date.UTC(2020, 0, 1) }, { digest: bad });
  const { told } = await verify();
  expect(told.map(({ account, item, class: kind }) => [account, item, kind])).toEqual([
    [ACCOUNT, 301, 'broken'],
    [ACCOUNT, 303, 'broken'],
    [ACCOUNT, 304, 'broken'],
    ['a2', 77, 'broken'],
  ]);
  expect(told[0]?.reason).not.toContain('in the state of');
  expect(told[1]?.reason).toContain('in the state of');
  expect(told[2]?.reason).not.toContain('in the state of');
});

test('orphans are counted, and told when they are damaged', async () => {
  for (let i = 0; i < 200; i++) kit.made.writer.blob(Buffer.from(`orphan ${i}`));
  for (let i = 0; i < 100; i++) message(257 + i);
  const long = kit.made.writer.blob(Buffer.from('y'.repeat(20_000)));
  const cut = kit.made.writer.blob(Buffer.from('cut'));
  truncateSync(path(cut), 20);
  const twice = sampleContent(7);
  kit.putBlob(sha256(twice), gz(gz(twice)));
  const { told, orphans, blobs } = await verify({ threads: 2 });
  expect({ orphans, blobs }).toEqual({ orphans: 203, blobs: 303 });
  expect(told.map(({ account, item, class: kind, path: at }) => [account, item, kind, at])).toEqual(
    [
      [null, null, 'broken', path(cut)],
      [null, null, 'double-gzipped', path(sha256(twice))],
    ].sort(),
  );
  expect(existsSync(path(long))).toBe(true);
});

test('a blob that only an older or deleted state names is no orphan', async () => {
  const old = kit.made.writer.blob(Buffer.from('old'));
  const current = kit.made.writer.blob(Buffer.from('current'));
  kit.item(257, { digest: old }, { digest: current, deleted: true });
  expect(await verify()).toMatchObject({ orphans: 0, told: [] });
});

test('blobs where nobody looks for them, and other names', async () => {
  const digest = message(257);
  const away = kit.path(`items/${digest[0] === 'z' ? 'yy' : 'zz'}`);
  mkdirSync(away);
  renameSync(path(digest), join(away, digest));
  kit.put('items/zz/.tmp-1', 'half');
  kit.put('items/zz/readme', 'x');
  kit.put('items/not-a-folder-of-blobs/x', 'x');
  const { told, blobs } = await verify();
  expect(told.map(({ item, class: kind, path: at }) => [item, kind, at])).toEqual([
    [257, 'read', path(digest)],
    [null, 'broken', join(away, digest)],
  ]);
  expect(blobs).toBe(0);
});

test('a blob folder that is none costs each of its items a finding', async () => {
  const digest = message(257);
  const folder = kit.path(`items/${digest.slice(0, 2)}`);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, '');
  const { told } = await verify();
  expect(told.map(({ item, class: kind, path: at }) => [item, kind, at])).toEqual([
    [257, 'broken', folder],
    [null, 'broken', folder],
  ]);
});

test('the server configuration and names that are no accounts', async () => {
  rmSync(kit.path('server'), { recursive: true });
  mkdirSync(kit.path('accounts/no account'));
  const { told } = await verify();
  expect(told.map(({ account, item, class: kind, path: at }) => [account, item, kind, at])).toEqual([
    [null, null, 'broken', kit.path('accounts/no account')],
    [null, null, 'read', kit.path('server')],
  ]);
  kit.put('server/config_01_01_25#00_00_00.json.gz', gz(Buffer.from('no JSON')));
  expect((await verify()).told[1]).toMatchObject({
    class: 'broken',
    reason: expect.stringContaining('no valid JSON'),
  });
});

test('maps, statistics and the log of mapped ids are read', async () => {
  message(257);
  kit.put('map_0d0c0b0a', '{"kind":"item","from":"1","to":"2"}\n');
  kit.put('backupstat', '{}');
  kit.put(`accounts/${ACCOUNT}/id_mapper.log`, '257 301\n258 302\n');
  kit.put(`accounts/${ACCOUNT}/account_stat`, '{"lastItemId":7}');
  expect((await verify()).told).toEqual([]);
  kit.put('map_0d0c0b0b', '{"kind":"item","from":"1","to":"2"}\n{"kind":7}\n');
  kit.put('map_0d0c0b0c', 'x'.repeat(2 * 1024 * 1024));
  kit.put('backupstat', '{');
  kit.put(`accounts/${ACCOUNT}/id_mapper.log`, '257 301\nnonsense\n');
  kit.put(`accounts/${ACCOUNT}/account_stat`, '{"lastItemId":-1}');
  const { told } = await verify({ threads: 2 });
  expect(told.map(({ account, item, class: kind, path: at }) => [account, item, kind, at])).toEqual([
    [ACCOUNT, null, 'broken', kit.path(`accounts/${ACCOUNT}/account_stat`)],
    [ACCOUNT, null, 'broken', kit.path(`accounts/${ACCOUNT}/id_mapper.log`)],
    [null, null, 'broken', kit.path('backupstat')],
    [null, null, 'broken', kit.path('map_0d0c0b0b')],
    [null, null, 'broken', kit.path('map_0d0c0b0c')],
  ]);
  expect(told.map(({ reason }) => reason).join()).toContain('in line 2');
});
