/** Writing a store, and the dialect that it is written in. */
import fs from 'node:fs';
import { join } from 'node:path';
import {
  findDialect,
  knownDialects,
  LIFEBOAT_1,
  SchemaError,
  type Dialect,
} from '../../src/backup-path/dialect';
import { accountItemsDir, blobPath, itemPath } from '../../src/backup-path/layout';
import type { AccountInfo, Documents, ItemState } from '../../src/backup-path/model';
import { BackupPath } from '../../src/backup-path/store';
import { BackupPathWriter } from '../../src/backup-path/writer';
import { accountInfo, state } from '../restore/store';
import { ACCOUNT, Kit, sha256 } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

const dialect = findDialect(LIFEBOAT_1) as Dialect;
const OPTIONS = { serverId: 's', serverName: 'n', createdAt: new Date('2025-01-02T03:04:05.678Z') };
const filesBelow = (path: string): string[] =>
  fs
    .readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();

const FULL_ACCOUNT: AccountInfo = {
  id: ACCOUNT,
  name: 'jürgen@example.com',
  status: 'locked',
  system: true,
  cos: 'c1',
  aliases: ['a@example.com', 'b@example.com'],
  displayName: 'Jürgen 会議',
  passwordHash: '{SSHA512}abc/+=',
  attributes: { zimbraMailQuota: '0', list: ['1', '2'], empty: [] },
  signatures: [{ name: 's', html: '<b>"</b>\n' }],
  dataSources: [{ name: 'n', type: 'imap', host: 'h', user: 'u' }],
  shares: [{ folderId: 257, grantee: 'jack@example.com', rights: 'rw' }],
  backupEnabled: false,
  createdAt: Date.UTC(2020, 1, 2),
  deletedAt: Date.UTC(2021, 1, 2, 3, 4, 5, 6),
};
const FULL_STATE: ItemState = {
  start: Date.UTC(2020, 1, 2, 3, 4, 5, 6),
  end: Date.UTC(2021, 1, 2),
  type: 'document',
  deleted: true,
  folder: 4711,
  name: 'Plan "B"\u0000',
  flags: 'ufrwads!?x',
  tags: ['Work', '仕事'],
  date: -1,
  size: 123,
  digest: sha256(Buffer.from('x')),
};

describe('the dialect', () => {
  const roundtrip = <K extends keyof Documents>(kind: K, value: Documents[K]): void => {
    const written: unknown = JSON.parse(JSON.stringify(dialect.encode(kind, value)));
    expect(dialect.decode(kind, written)).toEqual(value);
  };

  test('brings every field of every document back', () => {
    roundtrip('account', FULL_ACCOUNT);
    roundtrip('account', accountInfo('a2', 'plain@example.com'));
    roundtrip('state', FULL_STATE);
    roundtrip('state', state());
    roundtrip('marker', { serverId: 's', serverName: 'n', createdAt: null });
    roundtrip('accountStat', { lastItemId: 5, items: 4, lastScan: 0 });
    roundtrip('serverConfig', {
      server: { name: 'n', attributes: { a: 'b' } },
      global: { attributes: { c: ['d'] } },
      domains: [{ id: '1', name: 'example.com', attributes: {} }],
      coses: [{ id: '2', name: 'default', attributes: {}, backupEnabled: true }],
      distributionLists: [{ id: '3', name: 'l@example.com', members: ['x'], attributes: {} }],
    });
  });

  test('is the one that is known', () => {
    expect(knownDialects()).toEqual(['lifeboat/1']);
    expect(findDialect('other')).toBeUndefined();
  });

  test('names the document and the key that is wrong', () => {
    const attempt = (): unknown =>
      dialect.decode('account', { id: 'a', name: 'n', status: 'active', shares: [{}] });
    expect(attempt).toThrow(SchemaError);
    expect(attempt).toThrow('account: "shares" share: "folderId" is missing');
  });
});

describe('the writer', () => {
  test('what it writes is what the reader reads', () => {
    kit.made.writer.account(FULL_ACCOUNT);
    kit.made.writer.item(ACCOUNT, 257, [state(), FULL_STATE]);
    const store = kit.open();
    expect(store.accountInfo(ACCOUNT)).toEqual(FULL_ACCOUNT);
    expect(store.itemById(ACCOUNT, 257)).toEqual([state(), FULL_STATE]);
  });

  test('names are those of the format', () => {
    const digest = kit.made.writer.blob(Buffer.from('content'));
    kit.item(7, { digest });
    kit.item(2057, { digest });
    kit.made.writer.accountStat(ACCOUNT, { lastItemId: 2057, items: 2, lastScan: 0 });
    kit.made.writer.backupStat(new Date(0), new Date(1));
    expect(filesBelow(kit.root)).toEqual(
      [
        'backup.json',
        'backupstat',
        `accounts/${ACCOUNT}/account_info`,
        `accounts/${ACCOUNT}/account_stat`,
        `accounts/${ACCOUNT}/items/07/7`,
        `accounts/${ACCOUNT}/items/57/2057`,
        `items/${digest.slice(0, 2)}/${digest}`,
      ].sort(),
    );
    expect(fs.readFileSync(kit.path('backup.json'), 'utf8')).toContain('"dialect":"lifeboat/1"');
  });

  test('never takes a store over', () => {
    const before = fs.readFileSync(kit.path('backup.json'), 'utf8');
    expect(() => BackupPathWriter.create(kit.root, OPTIONS)).toThrow(/EEXIST/);
    expect(fs.readFileSync(kit.path('backup.json'), 'utf8')).toBe(before);
    // nor leaves anything of the attempt
    expect(filesBelow(kit.root).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  test('makes the folders that are missing, and adds to a store that is there', () => {
    const root = join(kit.base, 'a/b/c');
    BackupPathWriter.create(root, OPTIONS);
    const again = BackupPathWriter.open(root);
    again.account(accountInfo('x', 'x@example.com'));
    const store = BackupPath.open(root);
    expect(store.marker).toEqual({ serverId: 's', serverName: 'n', createdAt: OPTIONS.createdAt.getTime() });
    expect(store.accountIds().ids).toEqual(['x']);
  });

  test('stores the same content once and leaves it as it is', () => {
    const content = Buffer.from('the same');
    const digest = kit.made.writer.blob(content);
    const before = fs.statSync(kit.path(blobPath(digest)), { bigint: true });
    expect(kit.made.writer.blob(content)).toBe(digest);
    expect(fs.statSync(kit.path(blobPath(digest)), { bigint: true })).toMatchObject({
      ino: before.ino,
      mtimeNs: before.mtimeNs,
    });
    expect(fs.readdirSync(kit.path(`items/${digest.slice(0, 2)}`))).toEqual([digest]);
  });

  test('replaces the metadata of an item as a whole', () => {
    kit.item(257, { flags: 'u' });
    const reader = fs.openSync(kit.path(itemPath(ACCOUNT, 257)), 'r');
    kit.item(257, { flags: 'u' }, { flags: 'f' });
    // who reads the old file still reads all of it: it was not written over
    expect(JSON.parse(fs.readFileSync(reader, 'utf8'))).toHaveLength(1);
    fs.closeSync(reader);
    expect(kit.open().itemById(ACCOUNT, 257)).toHaveLength(2);
    expect(fs.readdirSync(kit.path(`${accountItemsDir(ACCOUNT)}/57`))).toEqual(['257']);
  });

  test('a failed write leaves nothing behind', () => {
    fs.mkdirSync(kit.path(itemPath(ACCOUNT, 257)), { recursive: true });
    fs.writeFileSync(kit.path(`${itemPath(ACCOUNT, 257)}/x`), '');
    expect(() => kit.item(257, {})).toThrow();
    expect(fs.readdirSync(kit.path(`${accountItemsDir(ACCOUNT)}/57`))).toEqual(['257']);
  });

  test('every file, then every folder that got an entry, is put on disk', () => {
    const synced: string[] = [];
    const spy = jest.spyOn(fs, 'fsyncSync').mockImplementation((fd) => {
      synced.push(fs.readlinkSync(`/proc/self/fd/${fd}`).replace(/\.[0-9a-f-]{36}\.tmp$/, '.tmp'));
    });
    try {
      const writer = BackupPathWriter.open(kit.root);
      writer.item('new', 257, [state()]);
      const account = kit.path('accounts/new');
      expect(new Set(synced.slice(0, -2))).toEqual(
        new Set([kit.path('accounts'), account, join(account, 'items')]),
      );
      expect(synced.slice(-2)).toEqual([join(account, 'items/57/.tmp'), join(account, 'items/57')]);
    } finally {
      spy.mockRestore();
    }
  });
});
