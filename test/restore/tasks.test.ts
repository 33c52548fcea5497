/** The steps of a restore by the direct engine, run in this process on real files. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import { RestoreBench } from './bench';
import { accountInfo, mail, state } from './store';

let bench: RestoreBench;
beforeEach(() => {
  bench = new RestoreBench();
});
afterEach(() => bench.remove());

const cur = (folder = '', account = 'example.com/jane'): string =>
  join(bench.mailDir, account, 'Maildir', folder, 'cur');

function jane(messages: number): void {
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let i = 0; i < messages; i++) bench.store.message('a1', 300 + i, mail(`m${i}`));
}

test('messages arrive with folder, flags and date', async () => {
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  bench.store.message('a1', 300, mail('one'), { flags: 'uf' });
  bench.store.message('a1', 301, mail('two'), { folder: 260, flags: 'r' });
  bench.store.writer.item('a1', 260, [state({ type: 'folder', name: 'Entwürfe', folder: 1 })]);
  const { counters } = await bench.restore();
  expect(counters).toMatchObject({
    source: 2,
    restored: 2,
    skipped: 0,
    filtered: 0,
    unrestored: 0,
    folders: 1,
  });
  const [one] = readdirSync(cur()) as [string];
  expect(one).toMatch(/^300\.L[0-9a-f]{24}\.lifeboat:2,F$/);
  expect(readFileSync(join(cur(), one))).toEqual(mail('one'));
  expect(statSync(join(cur(), one)).mtimeMs).toBe(Date.UTC(2025, 0, 2, 3, 4, 5));
  expect(readdirSync(cur('.Entw&APw-rfe'))).toEqual([expect.stringMatching(/^301\..*:2,RS$/)]);
});

test('a second run restores nothing and skips all; a run after new items restores only these', async () => {
  jane(300);
  expect((await bench.restore()).counters).toMatchObject({ restored: 300, skipped: 0 });
  expect((await bench.restore()).counters).toMatchObject({ restored: 0, skipped: 300 });
  bench.store.message('a1', 900, mail('new'));
  expect((await bench.restore()).counters).toMatchObject({ restored: 1, skipped: 300 });
  expect(readdirSync(cur())).toHaveLength(301);
});

test('without its ledger it finds what it restored, whatever was done to it', async () => {
  jane(20);
  await bench.restore();
  rmSync(bench.settings.stateDir, { recursive: true });
  const [seen, moved] = readdirSync(cur()) as [string, string];
  renameSync(join(cur(), seen), join(cur(), seen.replace(/:2,.*/, ':2,FRS')));
  mkdirSync(join(cur('.Moved')), { recursive: true });
  renameSync(join(cur(), moved), join(cur('.Moved'), moved));
  expect((await bench.restore()).counters).toMatchObject({ restored: 0, skipped: 20 });
});

test('messages that were there before count once each: n in the source, m in the target, n - m are restored', async () => {
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (const item of [300, 301, 302]) bench.store.message('a1', item, mail('same'));
  bench.store.message('a1', 303, mail('other'));
  await bench.restore({ provisioningOnly: true });
  mkdirSync(cur(), { recursive: true });
  writeFileSync(join(cur(), '1.foreign.host:2,S'), mail('same'));
  const { counters } = await bench.restore();
  expect(counters).toMatchObject({ restored: 3, skipped: 1 });
  expect(readdirSync(cur())).toHaveLength(4);
});

test('a target that was emptied is another target: everything is restored again', async () => {
  jane(10);
  await bench.restore();
  rmSync(bench.mailDir, { recursive: true });
  expect((await bench.restore()).counters).toMatchObject({ restored: 10, skipped: 0 });
});

test('each bad item is classed with its reason, the rest is restored, the counts add up', async () => {
  const { store } = bench;
  jane(5);
  store.dropBlob(store.message('a1', 400, mail('gone')));
  writeFileSync(
    join(store.root, blobPath(store.message('a1', 401, mail('damaged')))),
    'no gzip at all, but long enough',
  );
  store.message('a1', 402, mail('long', 'x'.repeat(10_300)));
  store.message('a1', 403, Buffer.from('BEGIN:VCARD'), { type: 'contact', folder: 7 });
  store.writer.item('a1', 404, [state()]);
  writeFileSync(join(store.root, itemPath('a1', 404)), '[{"type":');
  store.message('a1', 405, mail('deleted'), { deleted: true });
  store.message('a1', 406, Buffer.from('BEGIN:VCALENDAR'), { type: 'appointment', folder: 10 });
  const { counters, report, dir } = await bench.restore({
    target: `maildir:${bench.mailDir}?maxLineLength=10240`,
    onInvalid: 'save',
  });
  expect(counters).toMatchObject({ source: 12, restored: 5, skipped: 0, filtered: 1, unrestored: 6 });
  const found = report.accounts['jane@example.com']?.unrestored ?? [];
  expect(found.map(({ item, class: kind }) => [item, kind])).toEqual([
    [400, 'read'],
    [401, 'broken'],
    [402, 'invalid'],
    [403, 'unsupported'],
    [404, 'broken'],
    [406, 'unsupported'],
  ]);
  expect(found[0]?.reason).toMatch(/ENOENT.*items\//);
  expect(readFileSync(join(dir, found[2]?.savedAs as string))).toEqual(mail('long', 'x'.repeat(10_300)));
  expect(readFileSync(join(dir, 'unsupported/a1/403.vcf'), 'utf8')).toBe('BEGIN:VCARD');
  expect(readFileSync(join(dir, 'unsupported/a1/406.ics'), 'utf8')).toBe('BEGIN:VCALENDAR');
});

test('accounts that are left out count as filtered, deleted ones come back when asked for, without the mark', async () => {
  const { store } = bench;
  jane(3);
  store.writer.account(accountInfo('a2', 'gone@example.com', { status: 'deleted' }));
  store.message('a2', 300, mail('of the deleted'), { flags: 'x', deleted: true });
  store.writer.account(accountInfo('a3', 'galsync@example.com', { system: true }));
  store.message('a3', 300, mail('system'));
  expect((await bench.restore()).counters).toMatchObject({ source: 5, restored: 3, filtered: 2 });
  expect((await bench.restore({ filterDeleted: false })).counters).toMatchObject({
    source: 5,
    restored: 1,
    skipped: 3,
    filtered: 1,
  });
  expect(readdirSync(cur('', 'example.com/gone'))).toEqual([expect.stringMatching(/:2,S$/)]);
  expect((await bench.restore({ accounts: ['a2'], filterDeleted: false })).counters).toMatchObject({
    skipped: 1,
    filtered: 4,
  });
  expect((await bench.restore({ maxFileSize: 20 })).counters).toMatchObject({
    restored: 0,
    skipped: 0,
    filtered: 5,
  });
});

test('an account whose account_info is damaged is reported item by item, the others are restored', async () => {
  const { store } = bench;
  jane(3);
  store.writer.account(accountInfo('a2', 'broken@example.com'));
  store.message('a2', 300, mail('x'));
  writeFileSync(join(store.root, 'accounts/a2/account_info'), '{"id":"a2"}');
  store.writer.account(accountInfo('a3', '../../../etc/cron.d/x@example.com'));
  store.message('a3', 300, mail('y'));
  const { counters, report } = await bench.restore();
  expect(counters).toMatchObject({ source: 5, restored: 3, unrestored: 2 });
  expect(report.accounts.a2?.unrestored).toEqual([expect.objectContaining({ item: 300, class: 'broken' })]);
  expect(report.accounts.a3?.unrestored[0]?.reason).toContain('is no mail address');
  expect(existsSync(join(bench.folder, 'etc'))).toBe(false);
});

test('folders: circles, missing parents, hostile and colliding names lose no message', async () => {
  const { store } = bench;
  store.writer.account(accountInfo('a1', 'jane@example.com'));
  const folder = (id: number, name: string | null, parent: number) =>
    store.writer.item('a1', id, [state({ type: 'folder', name, folder: parent })]);
  folder(260, 'A', 261);
  folder(261, 'B', 260);
  folder(262, '../../evil', 1);
  folder(263, 'x.y', 1);
  folder(264, 'x/y', 1);
  [260, 262, 263, 264, 999].forEach((id, n) => store.message('a1', 300 + n, mail(`m${n}`), { folder: id }));
  const { counters, report } = await bench.restore();
  expect(counters).toMatchObject({ restored: 5, unrestored: 0 });
  const names = readdirSync(join(bench.mailDir, 'example.com/jane/Maildir')).filter((name) =>
    /^\.[^.]/.test(name),
  );
  expect(names).toEqual(expect.arrayContaining(['.x_y', '.x_y-2', '.unknown_999', '.______evil']));
  const notes = report.accounts['jane@example.com']?.notes.map(({ text }) => text).join('\n');
  expect(notes).toContain('"x/y" is called "x_y-2"');
});

test('slices: a restore goes on where the last one stopped, counting everything once', async () => {
  jane(2000);
  const request = await bench.begin();
  let stops = 0;
  while ((await bench.slice(request, { seconds: 0.01 })).more) stops++;
  expect(stops).toBeGreaterThan(2);
  expect((await bench.slice(request)).counters).toMatchObject({ source: 2000, restored: 2000, skipped: 0 });
});

test('the work of an attempt that died counts as restored by this operation', async () => {
  jane(600);
  const request = await bench.begin();
  await expect(bench.slice(request, { failAfterBatches: 1 })).rejects.toThrow('the test ends this attempt');
  expect((await bench.slice(request)).counters).toMatchObject({ restored: 600, skipped: 0 });
  expect(readdirSync(cur())).toHaveLength(600);
});

test('a copy of the source is the same source: what was restored from the one is skipped from the other', async () => {
  jane(50);
  await bench.restore();
  cpSync(bench.store.root, join(bench.folder, 'copy'), { recursive: true });
  expect((await bench.restore({ sourcePath: join(bench.folder, 'copy') })).counters).toMatchObject({
    restored: 0,
    skipped: 50,
  });
});
