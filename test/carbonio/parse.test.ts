import { lastBlock, hasWholeBlock } from '../../src/carbonio/parse/monitor';
import { parseNotification } from '../../src/carbonio/parse/notification';
import { parseRestoreEnd } from '../../src/carbonio/parse/restore-end';
import { parseServerConfig } from '../../src/carbonio/parse/server-config';
import { parseTree, recordsOf, treeOfJson, valueOf } from '../../src/carbonio/parse/tree';
import { failure } from './kit';

const ID = '0b3a5a2e-8c1d-4c6e-9b71-2f0f5a1f3c11';

const end = (body: string, state = 'Completed'): string =>
  `Subject: Backup Notification, External Restore ${state.toLowerCase()}.\nText:\nOperation External Restore ${state}.\nOperation Id: ${ID}\n` +
  `Operation requested by: admin@failed.example\n\n${body}`;

const restoreEnd = (body: string) => parseRestoreEnd(parseNotification(end(body)));

/** As in the public documentation, which shows 7 ids for a count of 10. */
const ABRIDGED = `- stats -
Restored Items: 15233
Skipped Items:  125
Unrestored Items: 10

- unrestored items -
account: account1@example.com
unrestored items: 1255,1369

account: account14@example.com
unrestored items: 856,13339,45200, 45655

account: account15@example.com
unrestored items: 7
`;

test('the documented excerpt is read, and its list is marked as not whole', () => {
  expect(restoreEnd(ABRIDGED)).toEqual({
    restored: 15233,
    skipped: 125,
    unrestored: 10,
    accounts: [
      { account: 'account1@example.com', ids: ['1255', '1369'] },
      { account: 'account14@example.com', ids: ['856', '13339', '45200', '45655'] },
      { account: 'account15@example.com', ids: ['7'] },
    ],
    idsFound: 7,
    complete: false,
  });
});

test('a list as long as its count is whole, also over several lines, with colours and with text behind it', () => {
  const text = `- stats -\r\nRestored Items: 1\r\n\u001b[31mSkipped Items: 0\u001b[0m\r\nUnrestored Items: 4\r\n\r\n- unrestored items -\r\naccount: a@b.c\r\nunrestored items: 1, 2,\r\n 3,4\r\n\r\nZAL Version: 9\r\n`;
  expect(restoreEnd(text)).toMatchObject({ complete: true, accounts: [{ ids: ['1', '2', '3', '4'] }] });
  const none = '- stats -\nRestored Items: 1\nSkipped Items: 0\nUnrestored Items: 0\n';
  expect(restoreEnd(none)).toMatchObject({ complete: true, accounts: [] });
});

test('a huge list is read in no time', () => {
  const ids = Array.from({ length: 300_000 }, (_, i) => i + 1);
  const text = `- stats -\nRestored Items: 0\nSkipped Items: 0\nUnrestored Items: 300000\n- unrestored items -\naccount: a@b.c\nunrestored items: ${ids.join(', ')}\n`;
  const started = Date.now();
  expect(restoreEnd(text)).toMatchObject({ idsFound: 300_000, complete: true });
  expect(Date.now() - started).toBeLessThan(5_000);
});

test.each([
  ['a count is missing', '- stats -\nRestored Items: 1\nSkipped Items: 0\n'],
  ['a count is there twice', `${ABRIDGED.replace('- unres', 'Skipped Items: 3\n- unres')}`],
  ['a count is no number', ABRIDGED.replace('15233', '15.233')],
  ['there are no statistics', 'All well.'],
  ['an id is none', ABRIDGED.replace('1369', '../../etc')],
  ['items have no account', ABRIDGED.replace('account: account1@example.com\n', '')],
])('an end of which %s is not understood', async (_, body) => {
  const problem = await failure(() => restoreEnd(body));
  expect(problem.type).toBe('UnknownOutput');
  expect(String(problem.details.output).length).toBeGreaterThan(0);
});

test.each([
  ['Started', 'started'],
  ['Completed', 'ended'],
  ['Ended', 'ended'],
  ['Interrupted', 'interrupted'],
  ['Stopped', 'stopped'],
  ['Transmogrified', 'unknown'],
])('a notification that says %s is "%s"', async (word, phase) => {
  const read = parseNotification(end('', word));
  expect(read).toMatchObject({ phase, operationId: ID });
  if (phase !== 'ended') expect((await failure(() => parseRestoreEnd(read))).type).toBe('UnknownOutput');
});

test('phase 1, foreign notifications, and states that disagree', () => {
  expect(parseNotification(`Subject: External Restore PHASE 1 Feedback\nOperation Id: ${ID}`).phase).toBe(
    'phase1',
  );
  expect(parseNotification('Subject: Your licence expires')).toMatchObject({
    operationId: null,
    phase: 'unknown',
  });
  expect(parseNotification(`${end('')}\nOperation External Restore Interrupted.`).phase).toBe('unknown');
});

test('indented lines and JSON give the same tree to look in', () => {
  const text = `itemStates\n\n        start date                        01/03/2026 10:00:00\n        type                              message\n        deleted                           false\n        blob path /opt/zextras/backup/zextras/items/c0/c0,g=\n\n        start_date                        02/03/2026 10:00:00\n        type                              message\n        deleted                           true\n`;
  const states = recordsOf(parseTree(text), 'start date');
  expect(
    states.map((s) => [valueOf(s, 'start date'), valueOf(s, 'deleted'), valueOf(s, 'blob path')]),
  ).toEqual([
    ['01/03/2026 10:00:00', 'false', '/opt/zextras/backup/zextras/items/c0/c0,g='],
    ['02/03/2026 10:00:00', 'true', undefined],
  ]);
  const json = {
    itemStates: [
      { deleted: true, startDate: 'x' },
      { deleted: false, startDate: 'y' },
    ],
  };
  const read = recordsOf(treeOfJson(json), 'start date');
  expect(read.map((s) => [valueOf(s, 'start date'), valueOf(s, 'deleted')])).toEqual([
    ['x', 'true'],
    ['y', 'false'],
  ]);
});

test('JSON that is nested too deep is refused', async () => {
  const deep: unknown = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
  expect((await failure(() => treeOfJson(deep))).type).toBe('UnknownOutput');
});

test('lines with underscores', async () => {
  const line = (id: string, value: string) => `${id}${'_'.repeat(60)}${value}`;
  const text = `${line('config date', '28/12/2022 15:14:29 CET')}\n${line('mail.example.com', 'a_b__c')}\n`;
  expect(parseServerConfig(text)).toEqual({
    date: '28/12/2022 15:14:29 CET',
    entries: [{ id: 'mail.example.com', value: 'a_b__c' }],
  });
  expect((await failure(() => parseServerConfig('an error'))).type).toBe('UnknownOutput');
  expect((await failure(() => parseServerConfig(''))).type).toBe('UnknownOutput');
});

test('blocks of progress', async () => {
  const block =
    ' --\n Account scanned:                  4/4\n Item updated/new/unique:          0/198/134\n backup path:  /opt/x\n';
  expect(lastBlock(` --\n Account scanned:  1/4\n${block}`)).toEqual({
    'Account scanned': [4, 4],
    'Item updated/new/unique': [0, 198, 134],
    'backup path': ['/opt/x'],
  });
  expect([hasWholeBlock(block), hasWholeBlock(`${block} --\n`), hasWholeBlock(' --\n --\n')]).toEqual([
    false,
    true,
    false,
  ]);
  expect((await failure(() => lastBlock('No such operation: x'))).type).toBe('UnknownOutput');
});
