/** `lifeboat search` on a small account. */
import { gzipSync } from 'node:zlib';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOf } from '../../src/backup-path/digest';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import { accountInfo, mail, state, TestStore } from '../restore/store';
import { run, type Ended } from './cli';
import { Ground, JANE } from './ground';

let ground: Ground;
const search = (...args: string[]): Promise<Ended> =>
  run(
    ['search', 'Jane@example.com', ...args, '--backup-path', 'old'],
    { ...ground.env, TZ: 'UTC' },
    ground.dir,
  );
/** Ids that were found, in order. */
const ids = async (...args: string[]): Promise<number[]> => {
  const { stdout, code } = await search(...args, '--json');
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { items: { item: number }[] }).items
    .map(({ item }) => item)
    .sort((a, b) => a - b);
};

const day = (n: number): number => Date.UTC(2025, 0, n, 12);
const encoded = Buffer.from(
  'From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n =?iso-8859-1?q?_und?= more\r\n\r\nx\r\n',
);

beforeAll(() => {
  ground = new Ground();
  const store = new TestStore(ground.source);
  store.writer.account(accountInfo(JANE, 'jane@example.com'));
  store.writer.item(JANE, 260, [state({ type: 'folder', name: 'Work', folder: 2 })]);
  store.writer.item(JANE, 261, [state({ type: 'folder', name: 'Deep', folder: 260 })]);
  store.message(JANE, 300, mail('budget'), { date: day(1) });
  store.message(JANE, 301, encoded, { date: day(2), folder: 261 });
  store.message(JANE, 302, mail('budget again'), { date: day(3), deleted: true, folder: 3 });
  store.message(
    JANE,
    303,
    Buffer.from('BEGIN:VCARD\r\nFN:Bob\r\n  Budget\r\nEMAIL:bob@example.org\r\nEND:VCARD\r\n'),
    {
      type: 'contact',
      folder: 7,
      date: day(4),
    },
  );
  // compressed twice, and one that fills any memory
  const twice = mail('twice');
  put(blobPath(digestOf(twice)), gzipSync(gzipSync(twice)));
  store.writer.item(JANE, 304, [state({ digest: digestOf(twice), date: day(5) })]);
  store.message(JANE, 305, Buffer.concat([mail('bomb'), Buffer.alloc(64 * 1024 * 1024, 'x')]), {
    date: day(6),
  });
  put(itemPath(JANE, 306), 'no JSON');
  store.dropBlob(store.message(JANE, 307, mail('gone'), { date: day(7) }));
  const forged = '=?utf-8?q?forged=0Aitem:1,2=0D=1B[2J=C2=9B?=';
  store.message(JANE, 308, mail(forged), { date: day(8) });
});
afterAll(() => ground.clean());

function put(relative: string, content: string | Buffer): void {
  const path = join(ground.source, relative);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

test.each([
  [
    ['--subject', 'BUDGET'],
    [300, 302, 303],
  ],
  [['--subject', 'grüße und more'], [301]],
  [['--sender', 'jürgen'], [301]],
  [
    ['--sender', 'a@example.com', '--deleted', 'no'],
    [300, 304, 305, 308],
  ],
  [['--subject', 'twice'], [304]],
  [['--subject', 'bomb'], [305]],
  [
    ['--since', '02/01/2025', '--until', '03/01/2025 12:00:00', '--type', 'message'],
    [301, 302],
  ],
  [
    ['--folder', 'inbox/work'],
    [261, 301],
  ],
  [['--folder', '3'], [302]],
  [['--type', 'contact'], [303]],
  [['--deleted', 'yes'], [302]],
  [
    ['item:300,', '301,999'],
    [300, 301],
  ],
  [['--subject', 'nothing has this'], []],
])('%j', async (args, expected) => {
  expect(await ids(...args)).toEqual(expected);
});

test('as text, with the list for the other commands, and what could not be looked into', async () => {
  const { stdout, stderr, code } = await search('--subject', 'budget', '--type', 'message');
  expect(stdout).toContain(
    '300       01/01/2025 12:00:00  message               Inbox  a@example.com  budget\n',
  );
  expect(stdout).toContain(
    '302       03/01/2025 12:00:00  message      deleted  Trash  a@example.com  budget again\n',
  );
  expect(stdout).toMatch(/2 items\nitem:300,302\n$/);
  expect(stderr).toContain('item:306');
  expect(code).toBe(0);
});

test('a subject stays on its line and cannot steer a terminal', async () => {
  const { stdout } = await search('--subject', 'forged');
  const [line, ...rest] = stdout.trimEnd().split('\n');
  expect(line).toMatch(/^308 .*forged\\nitem:1,2\\r\\u001b\[2J\\u009b$/);
  expect(rest).toEqual(['1 item', 'item:308']);
});

test.each([
  [['--type', 'fax'], /Allowed choices/],
  [['--since', 'yesterday'], /such as/],
  [['nonsense'], /no item id/],
])('refuses %j', async (args, message) => {
  const { code, stderr } = await search(...args);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
