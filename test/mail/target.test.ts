import * as fs from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { localPathOf, openTarget } from '../../src/mail/open-target';
import { current, JANE, keyOf, message, problemOf, scratch, tree } from './helpers';

test('the same place has the same id and instance, whatever way it is written', async () => {
  const base = scratch();
  const directory = join(base, 'a', 'b');
  const one = await openTarget(`maildir:${directory}`);
  fs.symlinkSync(directory, join(base, 'link'));
  const two = await openTarget(`maildir:${base}/./link/?maxLineLength=10240`);
  expect(one.id).toBe(`maildir:${directory}`);
  expect(two.id).toBe(one.id);
  expect(two.instance).toBe(one.instance);
  expect(one.instance).toMatch(/^[0-9a-f-]{36}$/);
  expect(fs.statSync(directory).mode & 0o777).toBe(0o700);
  expect(fs.readdirSync(directory)).toEqual(['.lifeboat-target']);
  expect(await one.freeBytes()).toBeGreaterThan(0);
  await one.check();
});

test.each([
  ['pop3://user:secret@host', /"pop3" are not known/],
  ['/srv/mail', /no scheme/],
  ['maildir:srv/mail', /"srv\/mail" is not absolute/],
  ['maildir://host/mail', /names a host/],
  ['maildir:/', /root of the file system/],
  ['maildir:/srv/../mail', /"\.\." in it/],
  ['maildir:/srv/a:b', /colon/],
  ['maildir:/srv/mail?colour=red', /"colour" is unknown/],
  ['maildir:/srv/mail?', /"" is unknown/],
  ['maildir:/srv/mail?maxLineLength=', /not ""/],
  ['maildir:/srv/mail?maxLineLength=0', /not "0"/],
  ['maildir:/srv/mail?maxLineLength=1e3', /not "1e3"/],
  ['maildir:/srv/mail?maxLineLength=10&maxLineLength=11', /twice/],
])('%s is refused by name', async (url, expected) => {
  const { type, message: text } = await problemOf(() => openTarget(url));
  expect(type).toBe('InvalidInput');
  expect(text).toMatch(expected);
  expect(text).not.toContain('secret');
});

test('the path is known without anything being made', () => {
  const directory = scratch();
  expect(localPathOf(`maildir:${directory}/new/?maxLineLength=5`)).toBe(join(directory, 'new'));
  expect(fs.readdirSync(directory)).toEqual([]);
});

test('a file, and what cannot be made, are refused with the reason', async () => {
  const file = join(scratch(), 'file');
  fs.writeFileSync(file, '');
  const plain = await problemOf(() => openTarget(`maildir:${file}`));
  expect(plain.type).toBe('TargetRefused');
  const below = await problemOf(() => openTarget(`maildir:${file}/mail`));
  expect(below.type).toBe('TargetRefused');
  expect(below.message).toContain('ENOTDIR');
  expect(fs.statSync(file).isFile()).toBe(true);
});

test('a target that went away, or is another one, is unavailable', async () => {
  const base = scratch();
  const directory = join(base, 'mail');
  const target = await openTarget(`maildir:${directory}`);
  fs.renameSync(directory, join(base, 'aside'));
  expect((await problemOf(() => target.check())).type).toBe('TargetUnavailable');
  fs.mkdirSync(directory);
  expect((await problemOf(() => target.check())).message).toContain('another file system or folder');
  expect((await problemOf(() => target.openMailbox(JANE))).type).toBe('TargetUnavailable');
  // A second opening that knows which one it was makes nothing in what lies there instead.
  const again = await problemOf(() => openTarget(`maildir:${directory}`, target.instance));
  expect(again.type).toBe('TargetUnavailable');
  expect(fs.readdirSync(directory)).toEqual([]);
  fs.rmdirSync(directory);
  expect((await problemOf(() => openTarget(`maildir:${directory}`, target.instance))).type).toBe(
    'TargetUnavailable',
  );
  expect(fs.existsSync(directory)).toBe(false);
  fs.renameSync(join(base, 'aside'), directory);
  await target.check();
  expect((await openTarget(`maildir:${directory}`, target.instance)).instance).toBe(target.instance);
});

test('a target whose marker is gone is unavailable', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const marker = join(directory, '.lifeboat-target');
  fs.rmSync(marker);
  expect((await problemOf(() => target.check())).message).toContain('marker file .lifeboat-target is gone');
  fs.writeFileSync(marker, 'another\n');
  expect((await problemOf(() => target.check())).message).toContain('another one now');
});

test.each([
  'nobody',
  '@example.com',
  'jane@',
  '../jane@example.com',
  'a/b@example.com',
  '..@example.com',
  '.hidden@example.com',
  'jane@..',
  'jane@.example.com',
  'jane@exa/mple.com',
  'jane\u0000@example.com',
  'jane\n@example.com',
  'jane:x@example.com',
  'jane doe@example.com',
  'jane\u00a0doe@example.com',
  'a\\b@example.com',
  '#jane@example.com',
  `${'a'.repeat(300)}@example.com`,
  'jane@passwd',
  'jane@domains.json',
])('the account %j is refused, and nothing is made for it', async (name) => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  const before = tree(directory);
  for (const work of [
    () => target.openMailbox({ id: 'x', name }),
    () => target.hasAccount({ id: 'x', name }),
    () => target.addExtras({ id: 'x', name }, { mountpoints: [], shares: [], dataSources: [] }),
  ]) {
    expect((await problemOf(work)).type).toBe('InvalidInput');
  }
  expect(tree(directory)).toEqual(before);
  expect(fs.readdirSync(directory)).toEqual(['.lifeboat-target']);
});

test('addresses have no case', async () => {
  const directory = scratch();
  const target = await openTarget(`maildir:${directory}`);
  await target.openMailbox({ id: 'x', name: "O'Brien+Lists@Example.COM" });
  expect(fs.readdirSync(join(directory, 'example.com'))).toEqual(["o'brien+lists"]);
  expect(await target.hasAccount({ id: 'x', name: "o'brien+lists@example.com" })).toBe(true);
});

const canMount = process.getuid?.() === 0 && mountTmpfs(scratchForProbe());
/** Only for the probe: removed at once. */
function scratchForProbe(): string {
  return fs.mkdtempSync(join(fs.realpathSync('/tmp'), 'lifeboat-mount-'));
}
function mountTmpfs(path: string): boolean {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]).status === 0;
  if (mounted) spawnSync('umount', [path]);
  fs.rmdirSync(path);
  return mounted;
}

(canMount ? describe : describe.skip)('on a small volume (skipped where the user may not mount one)', () => {
  let volume = '';
  beforeEach(() => {
    volume = join(scratch(), 'volume');
    fs.mkdirSync(volume);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', volume]).status).toBe(0);
  });
  afterEach(() => {
    spawnSync('umount', [volume]);
    expect(fs.readdirSync(volume)).toEqual([]);
  });

  test('a full disk is named, leaves nothing half-written, and goes on when there is room', async () => {
    const target = await openTarget(`maildir:${volume}`);
    const mailbox = await target.openMailbox(JANE);
    await mailbox.deliver(message(1));
    await mailbox.commit(current);
    const big = message(2, { content: { kind: 'memory', bytes: Buffer.alloc(200_000, 'text\n') } });
    fs.writeFileSync(join(volume, 'ballast'), Buffer.alloc(100_000));
    const { type, message: text } = await problemOf(() => mailbox.deliver(big));
    expect(type).toBe('TargetFull');
    expect(text).toContain(join(volume, 'example.com/jane/Maildir/tmp/2.'));
    const maildir = join(volume, 'example.com', 'jane', 'Maildir');
    expect(fs.readdirSync(join(maildir, 'tmp'))).toEqual([]);
    fs.rmSync(join(volume, 'ballast'));
    await mailbox.deliver(big);
    await mailbox.commit(current);
    expect(fs.readdirSync(join(maildir, 'cur')).sort()).toEqual([
      `1.L${keyOf(1)}.lifeboat:2,S`,
      `2.L${keyOf(2)}.lifeboat:2,S`,
    ]);
  });

  test('an empty mount point in place of the target is noticed, and a read-only target', async () => {
    const target = await openTarget(`maildir:${volume}`);
    spawnSync('mount', ['-o', 'remount,ro', volume]);
    expect((await problemOf(() => target.check())).message).toContain('EROFS');
    spawnSync('umount', [volume]);
    expect((await problemOf(() => target.check())).type).toBe('TargetUnavailable');
    expect((await problemOf(() => openTarget(`maildir:${volume}`, target.instance))).type).toBe(
      'TargetUnavailable',
    );
  });
});
