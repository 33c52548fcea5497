/** A store as an attacker, or a careless copy, would leave it. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { accountDir, blobDir, blobPath, itemPath } from '../../src/backup-path/layout';
import { walkItems } from '../../src/backup-path/walk';
import { ACCOUNT, defectOf, deviceTest, gz, Kit, sampleContent, sha256, special } from './kit';

let kit: Kit;
/** Outside the store, with everything in it that a link could lead to. */
let outside: string;
const content = sampleContent(20);
const digest = sha256(content);

beforeEach(() => {
  kit = new Kit();
  outside = join(kit.base, 'outside');
  mkdirSync(outside);
  kit.putBlob(digest, gz(content));
  kit.item(257, { digest, size: content.length });
});
afterEach(() => kit.remove());

const load = () => kit.open().blobs.load(digest);
const states = () => kit.open().itemById(ACCOUNT, 257);

/** Moves a file or folder of the store away and leaves a link to it. */
function moveAndLink(relative: string, to: string): void {
  renameSync(kit.path(relative), to);
  symlinkSync(to, kit.path(relative));
}

describe.each([
  ['a blob', blobPath(digest), load],
  ['a blob folder', blobDir(digest), load],
  ['the folder of all blobs', 'items', load],
  ['a metadata file', itemPath(ACCOUNT, 257), states],
  ['an item folder', dirname(itemPath(ACCOUNT, 257)), states],
  ['the items of an account', `${accountDir(ACCOUNT)}/items`, states],
  ['an account', accountDir(ACCOUNT), states],
  ['the folder of all accounts', 'accounts', states],
])('a link in the place of %s', (_name, relative, read) => {
  test('out of the store is refused', async () => {
    moveAndLink(relative, join(outside, 'moved'));
    const defect = await defectOf(read);
    expect(defect).toMatchObject({ kind: 'broken', path: kit.path(relative) });
    expect(defect.message).toContain('leaves the Backup Path');
  });

  test('to a neighbour whose name begins with the name of the store is refused', async () => {
    const neighbour = `${kit.root}-neighbour`;
    mkdirSync(neighbour);
    moveAndLink(relative, join(neighbour, 'moved'));
    expect(await defectOf(read)).toMatchObject({ kind: 'broken' });
  });

  test('to a place inside the store is followed', async () => {
    mkdirSync(kit.path('other-volume'));
    moveAndLink(relative, kit.path('other-volume/moved'));
    await expect(Promise.resolve(read())).resolves.toBeTruthy();
  });

  test('to a link out of the store is refused', async () => {
    moveAndLink(relative, join(outside, 'moved'));
    symlinkSync(join(outside, 'moved'), kit.path('hop'));
    rmSync(kit.path(relative));
    symlinkSync(kit.path('hop'), kit.path(relative));
    expect(await defectOf(read)).toMatchObject({ kind: 'broken' });
  });

  test('to itself is a soft read error', async () => {
    rmSync(kit.path(relative), { recursive: true });
    symlinkSync(kit.path(relative), kit.path(relative));
    expect(await defectOf(read)).toMatchObject({ kind: 'read', code: 'ELOOP', soft: true });
  });

  test('to nothing is a hard read error', async () => {
    rmSync(kit.path(relative), { recursive: true });
    symlinkSync(kit.path('nowhere'), kit.path(relative));
    expect(await defectOf(read)).toMatchObject({ kind: 'read', code: 'ENOENT', soft: false });
  });
});

describe.each([
  ['a blob', blobPath(digest), load],
  ['a metadata file', itemPath(ACCOUNT, 257), states],
  ['account_info', `${accountDir(ACCOUNT)}/account_info`, () => kit.open().accountInfo(ACCOUNT)],
])('in the place of %s', (_name, relative, read) => {
  test('a FIFO does not block', async () => {
    rmSync(kit.path(relative));
    expect(special('mkfifo', kit.path(relative))).toBe(true);
    const defect = await defectOf(read);
    expect(defect).toMatchObject({ kind: 'broken', path: kit.path(relative) });
    expect(defect.message).toContain('not a regular file');
  });

  test('a link to a FIFO outside is refused', async () => {
    special('mkfifo', join(outside, 'fifo'));
    rmSync(kit.path(relative));
    symlinkSync(join(outside, 'fifo'), kit.path(relative));
    expect(await defectOf(read)).toMatchObject({ kind: 'broken' });
  });

  test('a folder is a hard read error', async () => {
    rmSync(kit.path(relative));
    mkdirSync(kit.path(relative));
    expect(await defectOf(read)).toMatchObject({ kind: 'read', code: 'EISDIR', soft: false });
  });

  test('a link to a device is refused', async () => {
    rmSync(kit.path(relative));
    symlinkSync('/dev/zero', kit.path(relative));
    expect(await defectOf(read)).toMatchObject({ kind: 'broken' });
  });

  deviceTest('a device is not read', async () => {
    rmSync(kit.path(relative));
    expect(special('mknod', kit.path(relative), 'c', '1', '5')).toBe(true);
    // a file system mounted without devices refuses to open it, which is a read error
    expect(['broken', 'read']).toContain((await defectOf(read)).kind);
  });
});

test.each([
  ['a blob folder', blobDir(digest), load],
  ['an item folder', dirname(itemPath(ACCOUNT, 257)), states],
])('a file in the place of %s is broken', async (_name, relative, read) => {
  rmSync(kit.path(relative), { recursive: true });
  writeFileSync(kit.path(relative), 'a file');
  expect(await defectOf(read)).toMatchObject({ kind: 'broken', path: kit.path(relative) });
});

test('a walk refuses an item folder that is a link out of the store, and goes on', () => {
  kit.item(58, { digest });
  kit.item(356, { digest });
  moveAndLink(dirname(itemPath(ACCOUNT, 257)), join(outside, 'moved'));
  const seen = [...walkItems(kit.open(), ACCOUNT)].map((entry) =>
    entry.kind === 'folder' ? [entry.defect.kind, entry.cursor.bucket] : [entry.kind, entry.id],
  );
  expect(seen).toEqual([
    ['item', 356],
    ['broken', 57],
    ['item', 58],
  ]);
});

test('accounts whose names would lead elsewhere are strays', () => {
  for (const name of ['a b', 'ü', '-x', '.hidden', 'x'.repeat(65)]) mkdirSync(kit.path(`accounts/${name}`));
  const { ids, strays } = kit.open().accountIds();
  expect(ids).toEqual([ACCOUNT]);
  expect(strays.sort()).toEqual(['-x', 'a b', 'x'.repeat(65), 'ü'].sort());
});
