/** One odd value must not end the restore of everybody else. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { itemPath } from '../../src/backup-path/layout';
import { retryUnrestoredInput } from '../../src/contracts/retry-unrestored';
import { planRetry } from '../../src/restore/retry';
import { TASKS } from '../../src/restore/tasks';
import { RestoreBench } from './bench';
import { accountInfo, mail, state } from './store';

let bench: RestoreBench;
beforeEach(() => {
  bench = new RestoreBench();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let i = 0; i < 5; i++) bench.store.message('a1', 300 + i, mail(`m${i}`));
});
afterEach(() => bench.remove());

const unrestored = (report: Awaited<ReturnType<RestoreBench['restore']>>['report'], account: string) =>
  report.accounts[account]?.unrestored ?? [];

test.each([
  ['a folder id that is none', { folder: 2 ** 40 }, /"folder" is no id/],
  ['a digest of 5,000 characters', { digest: 'x'.repeat(5000) }, /whose digest is none/],
  ['a digest that is a path', { digest: '/etc/passwd' }, /whose digest is none/],
])('%s: that item is broken, the others are restored', async (_what, change, reason) => {
  bench.store.writer.item('a1', 400, [state({ digest: bench.store.writer.blob(mail('odd')), ...change })]);
  const { counters, report } = await bench.restore();
  expect(counters).toMatchObject({ source: 6, restored: 5, unrestored: 1 });
  expect(unrestored(report, 'jane@example.com')).toEqual([
    expect.objectContaining({ item: 400, class: 'broken', reason: expect.stringMatching(reason) as string }),
  ]);
});

test('a size that no disk can hold is not believed', async () => {
  bench.store.message('a1', 400, mail('huge'), { size: 9e15 });
  expect((await bench.restore()).counters).toMatchObject({ restored: 6 });
});

test('an account that the target refuses is reported item by item', async () => {
  bench.store.writer.account(accountInfo('a2', '#hash@example.com'));
  bench.store.message('a2', 300, mail('x'));
  mkdirSync(join(bench.mailDir, 'example.com/linked/Maildir'), { recursive: true });
  symlinkSync('/tmp', join(bench.mailDir, 'example.com/linked/Maildir/.Work'));
  bench.store.writer.account(accountInfo('a3', 'linked@example.com'));
  bench.store.writer.item('a3', 260, [state({ type: 'folder', name: 'Work', folder: 1 })]);
  bench.store.message('a3', 301, mail('y'), { folder: 260 });
  const { counters, report } = await bench.restore();
  expect(counters).toMatchObject({ source: 7, restored: 6, unrestored: 1 });
  expect(unrestored(report, '#hash@example.com')).toEqual([
    expect.objectContaining({ item: 300, class: 'invalid' }),
  ]);
  // nothing goes through the link, and the mail of that folder is in the Inbox
  expect(report.accounts['linked@example.com']?.notes).toMatchObject([
    { item: 260, text: expect.stringContaining('folder "Work" is refused') },
  ]);
});

test('metadata files that are not where their id says are all listed', async () => {
  const content = readFileSync(join(bench.store.root, itemPath('a1', 300)));
  for (const bucket of ['01', '02', '03']) {
    mkdirSync(join(bench.store.root, 'accounts/a1/items', bucket), { recursive: true });
    writeFileSync(join(bench.store.root, 'accounts/a1/items', bucket, '300'), content);
  }
  // more digits than an id has, and more than the ledger has room for
  for (const name of ['12345678901', '100000000000000'])
    writeFileSync(join(bench.store.root, 'accounts/a1/items/01', name), content);
  const { counters, report, dir } = await bench.restore();
  expect(counters).toMatchObject({ restored: 5, unrestored: 5 });
  expect(unrestored(report, 'jane@example.com')).toHaveLength(5);

  // a retry takes such a report: the item of that id is there, and what is no id stays listed
  const input = retryUnrestoredInput.parse({ report: dir });
  const name = { operationId: 'retry', operationKey: 'retry' };
  const { restore, items } = planRetry(bench.settings.stateDir, name, input);
  expect(items).toBe(5);
  const again = await bench.restore(restore ?? {});
  expect(again.counters).toMatchObject({ source: 3, restored: 0, skipped: 1, unrestored: 2 });
});

test('an account without items whose account_info is damaged is not passed over in silence', async () => {
  bench.store.writer.account(accountInfo('a2', 'broken@example.com'));
  writeFileSync(join(bench.store.root, 'accounts/a2/account_info'), '{');
  const { report } = await bench.restore();
  expect(report.status).toBe('partial');
  expect(report.notes.join('\n')).toMatch(/Nothing of the account a2 can be restored/);
});

test('two accounts of one address share a mailbox, and the report says so', async () => {
  bench.store.writer.account(
    accountInfo('a0', 'jane@example.com', { status: 'deleted', passwordHash: '{SSHA}old' }),
  );
  bench.store.message('a0', 300, mail('of the deleted'));
  bench.store.writer.account(accountInfo('a1', 'jane@example.com', { passwordHash: '{SSHA}bmV3' }));
  const { counters, report } = await bench.restore({ filterDeleted: false });
  expect(counters).toMatchObject({ restored: 6 });
  expect(report.notes.join('\n')).toMatch(/share the address jane@example\.com/);
  expect(readFileSync(join(bench.mailDir, 'passwd'), 'utf8')).toContain('{SSHA}bmV3');
});

test('a store without accounts/ is none', async () => {
  rmSync(join(bench.store.root, 'accounts'), { recursive: true });
  await expect(bench.begin()).rejects.toMatchObject({ type: 'NotABackupPath' });
});

test('a ledger other than the one that planned does not go on', async () => {
  const request = await bench.begin();
  const { ledgerId } = await TASKS.plan(
    { request, settings: bench.settings },
    { progress: () => undefined, stopRequested: () => false },
  );
  const settings = { ...bench.settings, stateDir: join(bench.folder, 'other-state') };
  const hooks = { progress: () => undefined, stopRequested: () => false };
  await TASKS.plan({ request, settings }, hooks);
  const slice = TASKS.slice({ request: { ...request, ledgerId }, settings, lane: 0, seconds: 60 }, hooks);
  await expect(slice).rejects.toMatchObject({ type: 'StateUnavailable' });
});

test('two restores that create accounts at once lose none', async () => {
  const other = new RestoreBench();
  try {
    for (let i = 0; i < 200; i++) {
      bench.store.writer.account(accountInfo(`b${i}`, `first${i}@example.com`));
      other.store.writer.account(accountInfo(`c${i}`, `second${i}@example.com`));
    }
    await Promise.all([bench.begin(), other.begin({ target: bench.settings.defaultTarget })]);
    const lines = readFileSync(join(bench.mailDir, 'passwd'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(401);
  } finally {
    other.remove();
  }
});

test('the report needs neither the source nor the target', async () => {
  const request = await bench.begin();
  await bench.slice(request);
  renameSync(bench.store.root, `${bench.folder}/away`);
  renameSync(bench.mailDir, `${bench.folder}/away-mail`);
  const ending = {
    status: 'cancelled' as const,
    endedAt: 0,
    phases: [],
    notifications: [],
    engineReason: 'test',
  };
  const { dir } = await TASKS.report(
    { request, settings: bench.settings, ending },
    { progress: () => undefined, stopRequested: () => false },
  );
  expect(readdirSync(dir).sort()).toEqual(['report.html', 'report.json', 'report.txt']);
});
