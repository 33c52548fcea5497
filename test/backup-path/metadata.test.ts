/** Metadata files of items as they are met on disk. */
import { chmodSync, statSync, truncateSync } from 'node:fs';
import type { ItemState } from '../../src/backup-path/model';
import { accountInfo } from '../restore/store';
import { ACCOUNT, defectOf, Kit, sha256, unprivileged } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

const read = (item = 257): ItemState[] => kit.open().itemById(ACCOUNT, item);

const START = '2025-01-02T03:04:05.000Z';
const valid = { start: START, type: 'message', folder: 2, digest: sha256(Buffer.from('x')) };
const withField = (key: string, value: unknown): string => JSON.stringify([{ ...valid, [key]: value }]);
const without = (key: string): string => JSON.stringify([{ ...valid, [key]: undefined }]);

test('what is left out has its default', () => {
  kit.putItem(257, JSON.stringify([{ start: START, type: 'message' }]));
  expect(read()).toEqual([
    {
      start: Date.parse(START),
      end: null,
      type: 'message',
      deleted: false,
      folder: 1,
      name: null,
      flags: '',
      tags: [],
      date: 0,
      size: 0,
      digest: null,
    },
  ]);
});

test('all states, oldest first, whatever else is in them', () => {
  kit.putItem(
    257,
    JSON.stringify([
      { ...valid, end: START, flags: 'u', unknown: { deep: [1] } },
      { ...valid, flags: 'f', tags: ['Work'], deleted: true, name: null, date: -5.7 },
    ]),
  );
  expect(read()).toMatchObject([
    { flags: 'u', end: Date.parse(START), deleted: false },
    { flags: 'f', end: null, deleted: true, tags: ['Work'], date: -5 },
  ]);
});

test.each([1, 7, 99, 100, 257, 2057, 9_999_999_999])('id %d', (item) => {
  kit.item(item, { flags: 'f' });
  expect(read(item)).toMatchObject([{ flags: 'f' }]);
});

describe('broken', () => {
  test.each([
    ['empty', ''],
    ['no JSON', 'not JSON'],
    ['cut off', JSON.stringify([valid]).slice(0, -5)],
    ['zeros, as a crash leaves them', '\0'.repeat(200)],
    ['two documents', '[]\n[]'],
    ['null', 'null'],
    ['an object', JSON.stringify(valid)],
    ['a number', '7'],
    ['no states', '[]'],
    ['a state that is null', '[null]'],
    ['a state that is a list', '[[]]'],
    ['an older state that is wrong', JSON.stringify([{}, valid])],
    ['an unknown type', withField('type', 'chat')],
    ['a type that is no text', withField('type', 5)],
    ['no type', without('type')],
    ['no start', without('start')],
    ['a start that is no date', withField('start', 'yesterday-ish')],
    ['a start that is a number', withField('start', 5)],
    ['deleted as a text', withField('deleted', 'false')],
    ['a folder below zero', withField('folder', -1)],
    ['a folder that is no whole number', withField('folder', 2.5)],
    ['a folder above all integers', '[{"start":"2025-01-02","type":"message","folder":1e300}]'],
    ['a folder of eleven digits', withField('folder', 10_000_000_000)],
    ['a size as a text', withField('size', '5')],
    ['a date out of range', withField('date', 1e20)],
    ['flags as a list', withField('flags', ['u'])],
    ['tags as a text', withField('tags', 'Work')],
    ['tags that are no texts', withField('tags', ['Work', 5])],
    ['a digest as a number', withField('digest', 5)],
    ['a name as an object', withField('name', {})],
    [
      'a type nested deeper than the stack',
      `[{"start":"${START}","type":${'['.repeat(1e5)}${']'.repeat(1e5)}}]`,
    ],
    ['nested deeper than the stack', '['.repeat(1e6) + ']'.repeat(1e6)],
  ])('%s', async (_name, text) => {
    const path = kit.putItem(257, text);
    const defect = await defectOf(() => read());
    expect(defect).toMatchObject({ kind: 'broken', soft: false, path });
    expect(defect.message).toContain(path);
    // a reason is for people
    expect(defect.message.length).toBeLessThan(600);
  });

  test('the reason names the field', async () => {
    kit.putItem(257, withField('type', 'chat'));
    expect((await defectOf(() => read())).message).toMatch(/state: "type" is "chat", not one of message, /);
  });

  test('larger than 8 MiB', async () => {
    const path = kit.putItem(257, '[');
    truncateSync(path, 8 * 1024 * 1024 + 1);
    const defect = await defectOf(() => read());
    expect(defect).toMatchObject({ kind: 'broken', path });
    expect(defect.message).toContain('larger than 8388608 bytes (8388609)');
  });

  test('a key that an object has by nature is not a value', async () => {
    kit.putItem(257, '[{"__proto__":{"type":"message","start":"2025-01-02"}}]');
    expect(await defectOf(() => read())).toMatchObject({ kind: 'broken' });
  });
});

test('just below 8 MiB is read', () => {
  const text = withField('flags', 'u'.repeat(8 * 1024 * 1024 - 400));
  const path = kit.putItem(257, text);
  expect(statSync(path).size).toBeLessThanOrEqual(8 * 1024 * 1024);
  expect(read()[0]?.flags.length).toBe(8 * 1024 * 1024 - 400);
});

describe('read errors', () => {
  test('missing is hard', async () => {
    kit.item(357, {});
    expect(await defectOf(() => read())).toMatchObject({ kind: 'read', code: 'ENOENT', soft: false });
  });

  test('unreadable is soft', async () => {
    const path = kit.putItem(257, JSON.stringify([valid]));
    for (const folder of ['', 'accounts', `accounts/${ACCOUNT}`, `accounts/${ACCOUNT}/items`]) {
      chmodSync(kit.path(folder), 0o755);
    }
    chmodSync(path, 0);
    const store = kit.open();
    const attempt = () => unprivileged(() => store.itemById(ACCOUNT, 257));
    expect(await defectOf(attempt)).toMatchObject({ kind: 'read', code: 'EACCES', soft: true, path });
    chmodSync(path, 0o644);
    expect(attempt()).toHaveLength(1);
  });
});

describe('account_info', () => {
  const info = (): unknown => kit.open().accountInfo(ACCOUNT);
  const place = `accounts/${ACCOUNT}/account_info`;

  test('is read', () => {
    expect(info()).toMatchObject({ id: ACCOUNT, name: 'jane@example.com', status: 'active' });
  });

  test('of another account is broken', async () => {
    kit.put(place, JSON.stringify({ id: 'other', name: 'x@example.com', status: 'active' }));
    expect(await defectOf(info)).toMatchObject({ kind: 'broken', path: kit.path(place) });
  });

  test('of an unknown status is broken', async () => {
    kit.put(place, JSON.stringify({ id: ACCOUNT, name: 'x@example.com', status: 'gone' }));
    expect(await defectOf(info)).toMatchObject({ kind: 'broken', path: kit.path(place) });
  });

  test('of wrong attributes, lists or entries is broken', async () => {
    for (const wrong of [
      { attributes: [] },
      { attributes: { a: 5 } },
      { attributes: { a: ['b', 5] } },
      { aliases: 'x@example.com' },
      { signatures: {} },
      { signatures: [{ name: 'no text' }] },
      { shares: [{ folderId: 'x', grantee: 'y', rights: 'r' }] },
    ]) {
      kit.put(place, JSON.stringify({ id: ACCOUNT, name: 'x@example.com', status: 'active', ...wrong }));
      expect(await defectOf(info)).toMatchObject({ kind: 'broken', path: kit.path(place) });
    }
  });

  test('missing is a hard read error', async () => {
    kit.made.writer.item('a2', 257, []);
    expect(await defectOf(() => kit.open().accountInfo('a2'))).toMatchObject({
      kind: 'read',
      code: 'ENOENT',
    });
    kit.made.writer.account(accountInfo('a2', 'jack@example.com'));
    expect(kit.open().accountInfo('a2').name).toBe('jack@example.com');
  });
});
