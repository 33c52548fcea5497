/** Restores of a moment, of one account, of deleted and of chosen items, by the steps of the direct engine on real files. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ItemState } from '../../src/backup-path/model';
import { itemPath } from '../../src/backup-path/layout';
import { directRestore } from '../../src/contracts/direct-recovery';
import { HOST_INPUTS, type HostOperationRequest } from '../../src/contracts/host-operations';
import type { ExternalRestoreRequest } from '../../src/contracts/external-restore';
import { readMailbox } from '../crash/mailboxes';
import { RestoreBench } from './bench';
import { accountInfo, mail, state } from './store';

let bench: RestoreBench;
beforeEach(() => {
  bench = new RestoreBench();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com', { aliases: ['j@example.com'] }));
});
afterEach(() => bench.remove());

const at = (day: number): number => Date.UTC(2025, 0, day);
const iso = (day: number): string => new Date(at(day)).toISOString();

/** The states of one message: each begins at its day, and has what it changes. */
function lives(item: number, subject: string, ...states: ({ day: number } & Partial<ItemState>)[]): void {
  const content = mail(subject);
  const digest = bench.store.writer.blob(content);
  bench.store.writer.item(
    'a1',
    item,
    states.map(({ day, ...change }, i) =>
      state({
        ...{ digest, size: content.length, ...change },
        start: at(day),
        end: states[i + 1] ? at(states[i + 1]?.day as number) : null,
      }),
    ),
  );
}

type Recoveries = 'restoreOnNewAccount' | 'undelete' | 'itemRestore';
function requestOf<N extends Recoveries>(name: N, input: HostOperationRequest<N>): ExternalRestoreRequest {
  return directRestore(name, HOST_INPUTS[name].parse({ sourcePath: bench.store.root, ...input }) as never);
}
const run = <N extends Recoveries>(name: N, input: HostOperationRequest<N>) =>
  bench.restore(requestOf(name, input));

/** `<folder> <flags> <tags>` of each message, by its name's first part: the item id. */
function mailbox(name = 'jane'): Record<string, string> {
  const root = join(bench.mailDir, 'example.com', name, 'Maildir');
  if (!existsSync(root)) return {};
  const folders = readdirSync(root).filter(
    (one) => one.startsWith('.') && existsSync(join(root, one, 'cur')),
  );
  const found: Record<string, string> = {};
  for (const folder of ['', ...folders]) {
    for (const file of readdirSync(join(root, folder, 'cur'))) {
      const key = `${file.split('.')[0]}${found[file.split('.')[0] as string] ? '+' : ''}`;
      found[key] = `${folder || 'INBOX'} ${file.split(':2,')[1]}`;
    }
  }
  return found;
}

test('an account as it was: what existed then, where it was, with those flags', async () => {
  bench.store.writer.item('a1', 260, [
    state({ type: 'folder', name: 'Old', folder: 1, start: at(1), end: at(10) }),
    state({ type: 'folder', name: 'New', folder: 1, start: at(10) }),
  ]);
  lives(300, 'moved', { day: 1, flags: 'u' }, { day: 4, folder: 260, flags: 'f' }, { day: 9, folder: 5 });
  lives(301, 'deleted before', { day: 1 }, { day: 3, deleted: true });
  lives(302, 'deleted after', { day: 1, flags: 'u' }, { day: 7, deleted: true });
  lives(303, 'created after', { day: 8 });
  const { counters, report } = await bench.restore({ date: iso(5) });
  expect(counters).toMatchObject({ source: 4, restored: 2, filtered: 2, unrestored: 0, folders: 1 });
  expect(mailbox()).toEqual({ 300: '.Old FS', 302: 'INBOX ' });
  expect(report.notes.join()).toContain('as they were at 2025-01-05');
  // the moment itself counts: what began in that very millisecond is there
  await bench.restore({ date: iso(8) });
  expect(Object.keys(mailbox())).toEqual(['300', '302', '303']);
});

test('accounts of a moment: one that was deleted later is there, one that was created later is not', async () => {
  const { writer } = bench.store;
  writer.account(accountInfo('a2', 'gone@example.com', { status: 'deleted', deletedAt: at(20) }));
  writer.account(accountInfo('a3', 'young@example.com', { createdAt: at(20) }));
  for (const id of ['a2', 'a3']) bench.store.message(id, 300, mail(id), { start: at(1) });
  await bench.restore({ date: iso(10) });
  expect(Object.keys(mailbox('gone'))).toEqual(['300']);
  expect(mailbox('young')).toEqual({});
  expect((await bench.restore()).counters).toMatchObject({ restored: 1 });
  expect(Object.keys(mailbox('young'))).toEqual(['300']);
});

test('on a new account: a deleted one by its id, under another address, beside the restored one', async () => {
  lives(300, 'one', { day: 1 }, { day: 9, deleted: true });
  bench.store.message('a1', 301, mail('two'), { folder: 260, start: at(2) });
  bench.store.writer.item('a1', 260, [state({ type: 'folder', name: 'Work', folder: 1, start: at(1) })]);
  bench.store.writer.account(accountInfo('a1', 'jane@example.com', { status: 'deleted', deletedAt: at(9) }));
  await bench.restore({ filterDeleted: false });
  const request = { sourceAccount: 'a1', destinationAccount: 'jane.2@example.com', date: iso(5) };
  const { counters, report } = await run('restoreOnNewAccount', request);
  expect(counters).toMatchObject({ source: 2, restored: 2, skipped: 0 });
  expect(mailbox('jane.2')).toEqual({ 300: 'INBOX S', 301: '.Work S' });
  expect(report.notes.join()).toContain('jane@example.com (a1) is restored as jane.2@example.com');
  expect(Object.keys(report.accounts)).toEqual(['jane.2@example.com']);
  // the same again goes on where it was; nothing is doubled
  expect((await run('restoreOnNewAccount', request)).counters).toMatchObject({ restored: 0, skipped: 2 });
  expect(Object.keys(mailbox('jane.2'))).toHaveLength(2);
  const passwd = readdirSync(join(bench.mailDir, 'example.com'));
  expect(passwd).toEqual(expect.arrayContaining(['jane', 'jane.2']));
});

test('never into a mailbox that another made, unless that is asked for; then it is only added to', async () => {
  bench.store.message('a1', 300, mail('one'));
  bench.store.writer.account(accountInfo('a2', 'joe@example.com'));
  bench.store.message('a2', 400, mail('of joe'));
  await bench.restore({ accounts: ['a2'] });
  const before = readMailbox(join(bench.mailDir, 'example.com/joe/Maildir'));
  const request = { sourceAccount: 'jane@example.com', destinationAccount: 'JOE@example.com' };
  await expect(run('restoreOnNewAccount', request)).rejects.toMatchObject({ type: 'AccountOccupied' });
  expect(readMailbox(join(bench.mailDir, 'example.com/joe/Maildir'))).toEqual(before);
  const { counters } = await run('restoreOnNewAccount', { ...request, existingAccount: true });
  expect(counters).toMatchObject({ restored: 1 });
  expect(Object.keys(mailbox('joe'))).toEqual(['300', '400']);
  // that it was allowed once does not make the account ours
  await expect(run('restoreOnNewAccount', request)).rejects.toMatchObject({ type: 'AccountOccupied' });
});

test('a new account of one whose account_info is damaged', async () => {
  bench.store.message('a1', 300, mail('one'));
  writeFileSync(join(bench.store.root, 'accounts/a1/account_info'), '{');
  const { counters } = await run('restoreOnNewAccount', {
    sourceAccount: 'a1',
    destinationAccount: 'rescued@example.com',
  });
  expect(counters).toMatchObject({ restored: 1, unrestored: 0 });
  expect(Object.keys(mailbox('rescued'))).toEqual(['300']);
});

test('undelete: what was deleted in that time and still is, as and where it was before, tagged', async () => {
  lives(300, 'alive', { day: 1 });
  lives(301, 'before the time', { day: 1 }, { day: 2, deleted: true });
  lives(
    302,
    'by the Trash',
    { day: 1, folder: 5, flags: 'f' },
    { day: 5, folder: 3, flags: 'f' },
    { day: 6, deleted: true },
  );
  lives(303, 'after the time', { day: 1 }, { day: 20, deleted: true });
  lives(304, 'came back', { day: 1 }, { day: 6, deleted: true }, { day: 7 });
  lives(305, 'of a deleted folder', { day: 1, folder: 260 }, { day: 6, deleted: true, folder: 260 });
  bench.store.writer.item('a1', 260, [
    state({ type: 'folder', name: 'Project', folder: 1, start: at(1), end: at(6) }),
    state({ type: 'folder', name: 'Project', folder: 1, start: at(6), deleted: true }),
  ]);
  lives(306, 'parent unknown', { day: 1, folder: 999 }, { day: 6, deleted: true, folder: 999 });
  await bench.restore();
  expect(Object.keys(mailbox())).toEqual(['300', '304']);
  const request = { account: 'jane@example.com', startDate: iso(4), endDate: iso(10) };
  const { counters, report } = await run('undelete', request);
  expect(counters).toMatchObject({ restored: 3, filtered: 4, unrestored: 0 });
  expect(mailbox()).toMatchObject({
    302: expect.stringMatching(/^\.Sent FS[a-z]$/),
    305: expect.stringMatching(/^\.Project /),
    306: expect.stringMatching(/^\.unknown_999 /),
  });
  const [, tag] = /the tag "(undelete_\d\d_\d\d_\d\d)"/.exec(report.notes.join()) ?? [];
  const lines = readMailbox(join(bench.mailDir, 'example.com/jane/Maildir'));
  expect(lines.filter((line) => line.includes(` ${tag as string} `))).toHaveLength(3);
  // again: nothing is doubled; what a user has removed since comes back
  expect((await run('undelete', request)).counters).toMatchObject({ restored: 0, skipped: 3 });
  const sent = join(bench.mailDir, 'example.com/jane/Maildir/.Sent/cur');
  rmSync(join(sent, readdirSync(sent)[0] as string));
  expect((await run('undelete', request)).counters).toMatchObject({ restored: 1, skipped: 2 });
});

test('undelete into a folder of its own, beside an item that is in its place', async () => {
  lives(300, 'one', { day: 1 }, { day: 6, deleted: true });
  await bench.restore({ filterDeleted: false });
  expect(mailbox()).toEqual({ 300: 'INBOX S' });
  const request = { account: 'a1', targetOriginalFolder: false };
  expect((await run('undelete', request)).counters).toMatchObject({ restored: 1, skipped: 0 });
  expect(mailbox()['300+']).toMatch(/^\.Undeleted \d{4}-\d\d-\d\d Sa$/);
  expect((await run('undelete', request)).counters).toMatchObject({ restored: 0, skipped: 1 });
});

test('chosen items at a moment; one that is not there is told before anything is done', async () => {
  lives(300, 'one', { day: 1, flags: 'u' }, { day: 5, folder: 5 });
  lives(301, 'two', { day: 1 }, { day: 3, deleted: true });
  lives(302, 'three', { day: 8 });
  const request = { account: 'jane@example.com', itemId: 'item:300, 301', date: iso(4) };
  const { counters } = await run('itemRestore', request);
  expect(counters).toMatchObject({ source: 2, restored: 2 });
  // the second was deleted then: as it was before
  expect(mailbox()).toEqual({ 300: 'INBOX ', 301: 'INBOX S' });
  expect((await run('itemRestore', request)).counters).toMatchObject({ restored: 0, skipped: 2 });
  await run('itemRestore', { ...request, folder: 'Restored', itemId: '300' });
  expect(mailbox()['300+']).toBe('.Restored ');
  for (const itemId of ['302', '777'])
    await expect(run('itemRestore', { ...request, itemId })).rejects.toMatchObject({ type: 'ItemNotFound' });
});

test('damage is classed as in any restore', async () => {
  lives(300, 'one', { day: 1 });
  bench.store.dropBlob(bench.store.message('a1', 301, mail('lost')));
  writeFileSync(join(bench.store.root, itemPath('a1', 300)), 'no json');
  const { counters, report } = await run('itemRestore', { account: 'a1', itemId: '300,301' });
  expect(counters).toMatchObject({ restored: 0, unrestored: 2 });
  expect(report.accounts['jane@example.com']?.unrestored.map((one) => one.class)).toEqual(['broken', 'read']);
});

test('an attempt that died in the middle of a new account is taken over', async () => {
  for (let i = 0; i < 600; i++) bench.store.message('a1', 300 + i, mail(`m${i}`));
  const request = await bench.begin(
    requestOf('restoreOnNewAccount', { sourceAccount: 'a1', destinationAccount: 'new@example.com' }),
  );
  await expect(bench.slice(request, { failAfterBatches: 2 })).rejects.toThrow('the test ends');
  const { counters } = await bench.slice(request);
  expect(counters).toMatchObject({ restored: 600, skipped: 0 });
  expect(readMailbox(join(bench.mailDir, 'example.com/new/Maildir'))).toHaveLength(600);
});

test.each([
  ['restoreOnNewAccount', { sourceAccount: 'a1', destinationAccount: 'no address' }],
  [
    'restoreOnNewAccount',
    { sourceAccount: 'a1', destinationAccount: 'x@example.com', date: '31/02/2025 10:00:00' },
  ],
  ['undelete', { account: 'a1', startDate: iso(5), endDate: iso(4) }],
  ['undelete', { account: 'a1', endDate: '2025-02-31T10:00:00Z' }],
] as const)('%s refuses %j', async (name, input) => {
  await expect(run(name, input as never)).rejects.toMatchObject({ type: 'InvalidInput' });
});

test.each([
  ['undelete', { account: 'a1', engine: 'direct' }, /sourcePath is needed/],
  ['itemRestore', { account: 'a1', itemId: '1', target: 'maildir:/srv' }, /direct only/],
  ['itemRestore', { account: 'a1', itemId: '1', date: iso(1) }, /dd\/MM\/yyyy/],
  ['itemRestore', { account: 'a1', itemId: 'x', sourcePath: '/s' }, /ids of items/],
  ['undelete', { account: 'a1', sourcePath: '/s', folder: 'a/b' }, /must not hold/],
] as const)('%s: %j does not fit its engine', (name, input, message) => {
  const parsed = HOST_INPUTS[name].safeParse(input);
  expect(parsed.error?.issues.map((i) => `${i.path.join('.')} ${i.message}`).join()).toMatch(message);
});
