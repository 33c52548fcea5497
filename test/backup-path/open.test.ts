/** Recognising a Backup Path, and noticing that it went away. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BackupPath } from '../../src/backup-path/store';
import { Kit, mountEmpty, mountTest, problemOf, unprivileged } from './kit';

let kit: Kit;
beforeEach(() => {
  kit = new Kit();
});
afterEach(() => kit.remove());

const open = (path = kit.root): BackupPath => BackupPath.open(path);
const MARKER = 'backup.json';
const VALID = { dialect: 'lifeboat/1', serverId: 's', serverName: 'n', createdAt: '2025-01-01T00:00:00Z' };

test('opens, by a link too, and knows its server', () => {
  const { marker, dialect, root } = open();
  expect(marker).toMatchObject({ serverName: 'mail.example.com', createdAt: 0 });
  expect(dialect.name).toBe('lifeboat/1');
  const link = join(kit.base, 'link');
  symlinkSync(kit.root, link);
  expect(open(link).root).toBe(root);
  expect(open(`${kit.root}/../store/`).root).toBe(root);
});

describe('refuses', () => {
  const refused = (path = kit.root) => problemOf(() => open(path));

  test.each(['store', './store', '', '~/store'])('a path that is not absolute: "%s"', (path) => {
    expect(refused(path)).toMatchObject({ type: 'InvalidInput' });
    expect(refused(path).message).toContain(`"${path}"`);
  });

  test('a path that does not exist', () => {
    for (const path of [join(kit.base, 'missing'), join(kit.path(MARKER), 'below a file')]) {
      expect(refused(path)).toMatchObject({ type: 'SourceNotFound', details: { path } });
      expect(refused(path).message).toContain(path);
    }
  });

  test('a link to nothing', () => {
    const link = join(kit.base, 'link');
    symlinkSync(join(kit.base, 'nothing'), link);
    expect(refused(link)).toMatchObject({ type: 'SourceNotFound' });
  });

  test('a file', () => {
    const problem = refused(kit.path(MARKER));
    expect(problem).toMatchObject({ type: 'NotABackupPath' });
    expect(problem.message).toContain('is not a folder');
  });

  test('an empty folder, and asks for the mount', () => {
    const empty = join(kit.base, 'empty');
    mkdirSync(empty);
    const problem = refused(empty);
    expect(problem).toMatchObject({ type: 'NotABackupPath', details: { path: empty } });
    expect(problem.message).toContain('is empty; is the volume mounted?');
  });

  test('a folder without the marker', () => {
    unlinkSync(kit.path(MARKER));
    expect(refused()).toMatchObject({ type: 'NotABackupPath' });
    expect(refused().message).toContain('it has no backup.json');
  });

  test('a folder that may not be listed', () => {
    chmodSync(kit.root, 0o311);
    const problem = problemOf(() => unprivileged(() => open()));
    expect(problem).toMatchObject({ type: 'SourceNotReadable' });
    expect(problem.message).toContain('EACCES');
  });

  test('a marker that may not be read', () => {
    chmodSync(kit.root, 0o755);
    chmodSync(kit.path(MARKER), 0);
    const problem = problemOf(() => unprivileged(() => open()));
    expect(problem).toMatchObject({ type: 'SourceNotReadable' });
    expect(problem.message).toContain(kit.path(MARKER));
  });

  test('a marker that is a folder', () => {
    unlinkSync(kit.path(MARKER));
    mkdirSync(kit.path(MARKER));
    expect(refused()).toMatchObject({ type: 'SourceNotReadable' });
  });

  test('a marker that leads out of the folder', () => {
    const away = join(kit.base, 'away.json');
    renameSync(kit.path(MARKER), away);
    symlinkSync(away, kit.path(MARKER));
    expect(refused()).toMatchObject({ type: 'NotABackupPath' });
  });

  test.each([
    ['empty', ''],
    ['cut off', JSON.stringify(VALID).slice(0, -4)],
    ['null', 'null'],
    ['a list', '[]'],
    ['without a dialect', JSON.stringify({ ...VALID, dialect: undefined })],
    ['with a dialect that is no text', JSON.stringify({ ...VALID, dialect: 1 })],
    ['without the server', JSON.stringify({ ...VALID, serverId: undefined })],
    ['with a time that is none', JSON.stringify({ ...VALID, createdAt: 'once' })],
  ])('a marker that is %s', (_name, text) => {
    kit.put(MARKER, text);
    expect(refused()).toMatchObject({ type: 'NotABackupPath', details: { path: kit.root } });
    expect(refused().message).toContain(kit.path(MARKER));
  });

  test.each(['carbonio/24', 'lifeboat/2', 'LIFEBOAT/1', '__proto__', 'x'.repeat(500)])(
    'the unknown dialect %s, and says which are known',
    (dialect) => {
      kit.put(MARKER, JSON.stringify({ ...VALID, dialect }));
      expect(refused()).toMatchObject({ type: 'UnknownDialect' });
      expect(refused().message).toContain('known here: lifeboat/1');
      expect(refused().message.length).toBeLessThan(400);
    },
  );
});

describe('went away', () => {
  test('not while it is there, nor because it grew', () => {
    const store = open();
    kit.made.writer.blob(Buffer.from('new'));
    kit.item(257, {});
    expect(store.gone()).toBeNull();
    expect(() => store.assertThere()).not.toThrow();
  });

  test('renamed', () => {
    const store = open();
    renameSync(kit.root, join(kit.base, 'renamed'));
    expect(store.gone()).toContain('ENOENT');
    expect(problemOf(() => store.assertThere())).toMatchObject({
      type: 'SourceUnavailable',
      details: { path: kit.root },
    });
    renameSync(join(kit.base, 'renamed'), kit.root);
    expect(store.gone()).toBeNull();
  });

  test('another store in its place', () => {
    const store = open();
    renameSync(kit.root, join(kit.base, 'renamed'));
    spawnSync('cp', ['-a', join(kit.base, 'renamed'), kit.root]);
    expect(store.gone()).toContain('another folder');
  });

  test.each(['items', 'accounts'])('%s renamed, or an empty folder in its place', (name) => {
    const store = open();
    renameSync(kit.path(name), join(kit.base, 'renamed'));
    expect(store.gone()).toContain('another folder');
    mkdirSync(kit.path(name));
    expect(store.gone()).toContain('another folder');
    rmSync(kit.path(name), { recursive: true });
    renameSync(join(kit.base, 'renamed'), kit.path(name));
    expect(store.gone()).toBeNull();
  });

  mountTest.each(['', 'items'])('an empty file system mounted over "%s"', (name) => {
    const store = open();
    const path = kit.path(name);
    expect(mountEmpty(path)).toBe(true);
    try {
      expect(store.gone()).not.toBeNull();
    } finally {
      expect(spawnSync('umount', [path]).status).toBe(0);
    }
    expect(store.gone()).toBeNull();
  });

  test('no longer readable', () => {
    chmodSync(kit.root, 0o755);
    const store = open();
    chmodSync(kit.path(MARKER), 0);
    expect(unprivileged(() => store.gone())).toContain('EACCES');
  });

  test('a folder that was not there at the start and still is not is no loss', () => {
    rmSync(kit.path('items'), { recursive: true });
    const store = open();
    expect(store.gone()).toBeNull();
    mkdirSync(kit.path('items'));
    expect(store.gone()).not.toBeNull();
  });
});
