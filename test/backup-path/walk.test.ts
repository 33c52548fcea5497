/** The order in which items are met, and going on from anywhere. */
import { chmodSync, mkdirSync, renameSync } from 'node:fs';
import { accountItemsDir, bucketOf, itemPath } from '../../src/backup-path/layout';
import { countItems, START, walkItems, type WalkEntry } from '../../src/backup-path/walk';
import { ACCOUNT, Kit, unprivileged } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

const items = accountItemsDir(ACCOUNT);
const walk = (after = START): WalkEntry[] => [...walkItems(kit.open(), ACCOUNT, after)];
const ids = (entries: WalkEntry[]): (number | string)[] =>
  entries.map((entry) => (entry.kind === 'item' ? entry.id : entry.kind));

test('by the last two digits, then by the id as a number', () => {
  const all = [100, 9_999_999_999, 257, 7, 1_000_000_000, 2057, 99, 107, 57, 300, 1];
  for (const id of all) kit.item(id, {});
  expect(ids(walk())).toEqual([100, 300, 1_000_000_000, 1, 7, 107, 57, 257, 2057, 99, 9_999_999_999]);
  expect(countItems(kit.open(), ACCOUNT)).toBe(all.length);
  const [first] = walk();
  expect(first).toEqual({
    kind: 'item',
    id: 100,
    path: kit.path(itemPath(ACCOUNT, 100)),
    cursor: { bucket: 0, item: 100 },
  });
});

test('goes on from every cursor with exactly what is left', () => {
  for (let i = 0; i < 120; i++) kit.item(1 + i * 7, {});
  const all = walk();
  expect(all).toHaveLength(120);
  expect(new Set(ids(all)).size).toBe(120);
  for (const [at, entry] of all.entries()) expect(walk(entry.cursor)).toEqual(all.slice(at + 1));
});

test('what was added behind the cursor is met, what was added before it is not', () => {
  for (const id of [105, 205, 110]) kit.item(id, {});
  const [first] = walk() as [WalkEntry];
  kit.item(305, {});
  kit.item(5, {});
  kit.item(104, {});
  expect(ids(walk(first.cursor))).toEqual([205, 305, 110]);
});

test('no items, or not even a folder for them', () => {
  expect(walk()).toEqual([]);
  mkdirSync(kit.path(items));
  expect(walk()).toEqual([]);
  expect(countItems(kit.open(), ACCOUNT)).toBe(0);
});

test('what writers leave behind and other names are passed over', () => {
  kit.item(257, {});
  for (const name of [
    '.tmp-1',
    '257.tmp',
    '0',
    '057',
    '-57',
    '1234567890123456',
    'x57',
    '57 ',
    '1e2',
    '٥٧',
  ]) {
    kit.put(`${items}/57/${name}`, 'half');
  }
  for (const name of ['.snapshot', '5', '057', 'ab', '570']) mkdirSync(kit.path(`${items}/${name}`));
  expect(ids(walk())).toEqual([257]);
  expect(countItems(kit.open(), ACCOUNT)).toBe(1);
});

test('a metadata file in the folder of other ids is met as misplaced, in its order', () => {
  kit.item(157, {});
  kit.item(357, {});
  kit.item(258, {});
  renameSync(kit.path(itemPath(ACCOUNT, 258)), kit.path(`${items}/57/258`));
  expect(walk().map((entry) => entry.kind)).toEqual(['item', 'misplaced', 'item']);
  expect(walk()[1]).toMatchObject({ id: 258, cursor: { bucket: 57, item: 258 } });
  expect(ids(walk((walk()[1] as WalkEntry).cursor))).toEqual([357]);
});

test('digits that are no id are met as misplaced, not passed over', () => {
  kit.item(57, {});
  kit.put(`${items}/57/12345678957`, '[]');
  expect(walk()).toMatchObject([
    { kind: 'item', id: 57 },
    { kind: 'misplaced', id: 12345678957 },
  ]);
  expect(countItems(kit.open(), ACCOUNT)).toBe(2);
});

test('an item folder that cannot be listed is told, and the walk goes on behind it', () => {
  for (const id of [56, 57, 58]) kit.item(id, {});
  for (const folder of ['', 'accounts', `accounts/${ACCOUNT}`, items, `${items}/56`, `${items}/58`]) {
    chmodSync(kit.path(folder), 0o755);
  }
  chmodSync(kit.path(`${items}/57`), 0);
  const entries = unprivileged(() => walk());
  expect(ids(entries)).toEqual([56, 'folder', 58]);
  expect(entries[1]).toMatchObject({
    defect: { kind: 'read', code: 'EACCES', path: kit.path(`${items}/57`) },
  });
  const behind = (entries[1] as WalkEntry).cursor;
  expect(unprivileged(() => ids(walk(behind)))).toEqual([58]);
  expect(unprivileged(() => countItems(kit.open(), ACCOUNT))).toBe(2);
});

test('item folders that cannot even be listed are told once', () => {
  kit.item(57, {});
  for (const folder of ['', 'accounts', `accounts/${ACCOUNT}`]) chmodSync(kit.path(folder), 0o755);
  chmodSync(kit.path(items), 0o311);
  const entries = unprivileged(() => walk());
  expect(ids(entries)).toEqual(['folder']);
  expect(entries[0]).toMatchObject({ defect: { code: 'EACCES' }, cursor: START });
  expect(unprivileged(() => countItems(kit.open(), ACCOUNT))).toBe(0);
});

test.each([
  [1, '01'],
  [7, '07'],
  [100, '00'],
  [2057, '57'],
  [9_999_999_999, '99'],
])('the folder of %d is %s', (id, folder) => {
  expect(bucketOf(id)).toBe(folder);
});
