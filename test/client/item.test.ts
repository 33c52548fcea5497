/** `lifeboat item` on a store with good, old and damaged states. */
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import { accountInfo, mail, state, TestStore } from '../restore/store';
import { run, startInTerminal, type Ended } from './cli';
import { Ground, JANE } from './ground';

let ground: Ground;
let store: TestStore;
const old = mail('old');
const env = (): Record<string, string> => ({ ...ground.env, TZ: 'Europe/Rome' });
const item = (...args: string[]): Promise<Ended> =>
  run(['item', 'jane@example.com', ...args, '--backup-path', 'old'], env(), ground.dir);

const at = (iso: string): number => Date.parse(iso);

beforeAll(() => {
  ground = new Ground();
  store = new TestStore(ground.source);
  store.writer.account(accountInfo(JANE, 'jane@example.com'));
  // damaged now, intact before
  const first = store.writer.blob(old);
  const second = store.writer.blob(mail('new'));
  truncateSync(join(ground.source, blobPath(second)), 40);
  store.writer.item(JANE, 300, [
    state({ start: at('2013-07-12T14:35:44Z'), end: at('2013-07-15T08:03:26Z'), digest: first }),
    state({ start: at('2013-07-15T08:03:26Z'), deleted: true, digest: second }),
  ]);
  store.message(JANE, 301, mail('good'));
  store.writer.item(JANE, 302, [state({ type: 'folder', name: 'Work' })]);
  writeFileSync(join(ground.source, itemPath(JANE, 301)).replace('301', '401'), '[');
  // a terminal must not be steered by what a message holds
  store.message(JANE, 303, mail('\u001b[2J'));
  store.writer.item(JANE, 304, [state({ digest: 'x\n             verifies   yes' })]);
});
afterAll(() => ground.clean());

test('all states, in the form of getItem, each marked', async () => {
  const { code, stdout, stderr } = await item('300', '--date', 'all');
  const line = (key: string, value: string): string => `             ${key.padEnd(60)}${value}\n`;
  expect(stdout).toContain('     itemStates\n');
  expect(stdout).toContain(
    line('start date', '12/07/2013 16:35:44') + line('type', 'message') + line('deleted', 'false'),
  );
  expect(stdout).toContain(
    line('start date', '15/07/2013 10:03:26') + line('type', 'message') + line('deleted', 'true'),
  );
  expect(stdout).toMatch(new RegExp(`^ {13}blob path ${ground.source}/items/`, 'm'));
  expect(stdout.indexOf(line('verifies', 'yes'))).toBeLessThan(stdout.indexOf(line('verifies', 'no')));
  expect(stdout).toMatch(/broken: gunzip fails.*\n.*rescue an older state/);
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
});

test('the last state, and the one of a time', async () => {
  const last = await item('300');
  expect(last.stdout).not.toContain('12/07/2013');
  expect(last.stdout).toContain('15/07/2013 10:03:26');
  const then = await item('300', '--date', '14/07/2013 00:00:00');
  expect(then.stdout).toContain('12/07/2013 16:35:44');
  expect(then.code).toBe(0);
  const before = await item('300', '--date', '01/01/2013 00:00:00');
  expect(before.stdout).toContain('It did not exist at that time.');
  expect(before.code).toBe(3);
});

test('the content of the newest state that verifies, byte for byte, never over a file', async () => {
  const dumped = await item('item:', '300', '--date', 'all', '--dump-blob', '--eml', 'out.eml');
  expect(dumped.stdout).toContain(old.toString());
  expect(readFileSync(join(ground.dir, 'out.eml'))).toEqual(old);
  writeFileSync(join(ground.dir, 'out.eml'), 'mine');
  const again = await item('300', '--date', 'all', '--eml', 'out.eml');
  expect(again.stderr).toMatch(/out\.eml cannot be written: there is a file already/);
  expect(again.code).toBe(2);
  expect(readFileSync(join(ground.dir, 'out.eml'), 'utf8')).toBe('mine');
  const none = await item('300', '--eml', 'none.eml');
  expect(none.stderr).toContain('None of the states shown has content that verifies');
  expect(existsSync(join(ground.dir, 'none.eml'))).toBe(false);
  expect(none.code).toBe(3);
});

test('a list as the report prints it, in JSON', async () => {
  const { code, stdout } = await item('item: 300,301,', '302, 401,999', '--json');
  const { items } = JSON.parse(stdout) as { items: Record<string, unknown>[] };
  expect(items).toEqual([
    {
      item: 300,
      states: [
        expect.objectContaining({
          start: '2013-07-15T08:03:26.000Z',
          deleted: true,
          verifies: false,
          findings: [expect.objectContaining({ class: 'broken', remedy: expect.any(String) })],
        }),
      ],
    },
    { item: 301, states: [expect.objectContaining({ verifies: true, findings: [] })] },
    { item: 302, states: [expect.objectContaining({ type: 'folder', verifies: null })] },
    { item: 401, error: expect.objectContaining({ class: 'broken' }), states: [] },
    { item: 999, error: expect.objectContaining({ class: 'read' }), states: [] },
  ]);
  expect(code).toBe(3);
  const blob = await item('301', '--json', '--dump-blob');
  const { content } = (JSON.parse(blob.stdout) as { blob: { content: string } }).blob;
  expect(Buffer.from(content, 'base64')).toEqual(mail('good'));
});

test('content cannot steer a terminal', async () => {
  const args = ['item', 'jane@example.com', '303', '--dump-blob', '--backup-path', 'old'];
  const shown = await startInTerminal(args, env(), ground.dir).ended;
  expect(shown.stdout).toContain('Subject: \\u001b[2J');
  expect(shown.stdout).not.toContain('\u001b[2J');
  expect((await item('303', '--dump-blob')).stdout).toContain('\u001b[2J');
});

test('a digest that is none stays on its line, and the file that names it is the one that is wrong', async () => {
  const { stdout, code } = await item('304');
  const metadata = join(ground.source, itemPath(JANE, 304));
  expect(stdout).toContain(`broken: "x\\n             verifies   yes" is not a digest at ${metadata}\n`);
  expect(stdout.match(/^ *verifies.*$/gm)).toEqual([expect.stringMatching(/no$/)]);
  expect(code).toBe(3);
});

test.each([
  [['x'], /"x", which is no item id/],
  [['item:'], /no item id/],
  [['300', '--date', '31/02/2013 00:00:00'], /such as/],
  [['300', '301', '--eml', 'x'], /take one item/],
])('refuses %j', async (args, message) => {
  const { code, stderr } = await item(...args);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});

test('an item that is not there: the id may be wrong', async () => {
  const { code, stdout } = await item('999');
  expect(code).toBe(3);
  expect(stdout).toMatch(/Is the id right\? `lifeboat search` lists/);
});

test('an account that is not there', async () => {
  const { code, stderr } = await run(
    ['item', 'x@example.com', '1', '--backup-path', 'old'],
    env(),
    ground.dir,
  );
  expect(stderr).toContain('has no account x@example.com');
  expect(code).toBe(2);
});
