import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destinationText, parseDestination } from '../../src/contracts/destination';
import { runArguments, type Transport } from '../../src/rsync/arguments';
import { problemOf, verdictOf, type RsyncEnd } from '../../src/rsync/exit-codes';
import { parseChange, StatsReader } from '../../src/rsync/output';
import { parseProgress } from '../../src/rsync/progress';
import { runRsync } from '../../src/rsync/runner';

const transport = (destination: string, change: Partial<Transport> = {}): Transport => {
  const parsed = parseDestination(destination);
  if (typeof parsed === 'string') throw new Error(parsed);
  return {
    destination: parsed,
    passwordFile: null,
    ssh: { keyFile: null, knownHostsFile: null, port: null },
    timeoutSeconds: 60,
    bandwidthLimit: null,
    compress: false,
    partialDir: '.rsync-partial',
    ...change,
  };
};

describe('destinations', () => {
  test.each([
    ['/mnt/offsite/', 'path', '/mnt/offsite'],
    [
      'rsync://backup@store.example.com:8730/mail/one',
      'daemon',
      'rsync://backup@store.example.com:8730/mail/one',
    ],
    ['rsync://[::1]:873/m/', 'daemon', 'rsync://[::1]:873/m'],
    ['root@store:/srv/mail', 'ssh', 'root@store:/srv/mail'],
    ['/mnt/a[b]', 'path', '/mnt/a[b]'],
  ])('%s', (text, kind, canonical) => {
    const parsed = parseDestination(text);
    expect(parsed).toMatchObject({ kind });
    if (typeof parsed !== 'string') expect(destinationText(parsed)).toBe(canonical);
  });

  test.each([
    ['/', /root folder/],
    ['relative/path', /must be an absolute path/],
    ['store::module', /must be an absolute path/],
    ['rsync://store', /must be an absolute path/],
    ['rsync://user:geheim@store/m', /must not hold a password/],
    ['-oProxyCommand=x:/y', /must be an absolute path/],
    ['host:/a/../b', /\.\./],
    ['host:/a*', /must not hold \*/],
    ['/a\nb', /control/],
    ['rsync://store/-x/y', /must be an absolute path/],
  ])('refuses %j', (text, message) => {
    const said = parseDestination(text);
    expect(said).toMatch(message);
    expect(said).not.toMatch('geheim');
  });
});

describe('arguments', () => {
  test('never what leaves a half blob under its name; the paths stand behind --', () => {
    const args = runArguments(transport('/d'), { from: '/s/', to: '/d/', scope: 'blobs' });
    expect(args.slice(-3)).toEqual(['--', '/s/', '/d/']);
    expect(args).toContain('--partial-dir=.rsync-partial');
    expect(args.join(' ')).not.toMatch(/--(partial( |$)|inplace|append|delay-updates)/);
  });

  test('ssh asks nobody; a daemon gets its password from a file', () => {
    const ssh = { keyFile: '/k/id', knownHostsFile: '/k/hosts', port: 2222 };
    const args = runArguments(transport('u@h:/p', { ssh }), { from: '/s/', to: 'u@h:/p/' });
    expect(args[args.indexOf('-e') + 1]).toMatch(
      /^ssh -oBatchMode=yes -oStrictHostKeyChecking=yes .*-i \/k\/id -oUserKnownHostsFile=\/k\/hosts -p 2222$/,
    );
    const daemon = transport('rsync://h/m', { passwordFile: '/k/secret' });
    expect(runArguments(daemon, { from: '/s/', to: 'rsync://h/m/' })).toContain('--password-file=/k/secret');
  });
});

describe('what it prints', () => {
  test('progress', () => {
    const line = '     30000002  99%   19.93MB/s    0:01:05 (xfr#2, to-chk=300/305)';
    const first = parseProgress(line);
    expect(first).toEqual({
      bytes: 30000002,
      rate: 20898120,
      left: 65,
      transferred: 2,
      checked: 5,
      total: 305,
    });
    const within = parseProgress('       32768   0%    0.00kB/s    1:00:00  ', first);
    expect(within).toMatchObject({ bytes: 32768, left: 3600, transferred: 2, total: 305 });
    expect(parseProgress('Number of files: 8 (reg: 4, dir: 4)')).toBeNull();
  });

  test('changes', () => {
    expect(parseChange('*deleting  |0|gone/deep/')).toMatchObject({
      kind: 'deleted',
      type: 'folder',
      name: 'gone/deep',
    });
    expect(parseChange('<f+++++++++|4|a/b|c\\#012d')).toMatchObject({
      name: 'a/b|c\nd',
      size: 4,
      isNew: true,
      content: true,
    });
    expect(parseChange('.f...p.....|7|x')).toMatchObject({ content: false, isNew: false });
    expect(parseChange('.d..t......|4096|./')).toMatchObject({ type: 'folder', name: '.' });
    expect(parseChange('deleting x')).toBeNull();
    for (const flags of ['>fc........', '>fcs.......', '<fc.t......'])
      expect(parseChange(`${flags}|7|x`)).toMatchObject({ differs: true, isNew: false });
    expect(parseChange('>fcs.......|7|x')).toMatchObject({ damaged: false });
    expect(parseChange('>f..t......|7|x')).toMatchObject({ differs: false });
  });

  test('figures: with and without commas; none is not zero', () => {
    const reader = new StatsReader();
    expect(reader.stats()).toBeNull();
    for (const line of ['Number of files: 1,234 (reg: 1)', 'Total bytes sent: 10', 'Total bytes received: 5'])
      reader.take(line);
    expect(reader.stats()).toMatchObject({ files: 1234, sent: 10, received: 5 });
  });
});

const end = (change: Partial<RsyncEnd>): RsyncEnd => ({
  code: 0,
  signal: null,
  stderr: '',
  cancelled: false,
  ...change,
});

describe('exit codes', () => {
  test.each([
    [{ code: 0 }, 'done'],
    [{ code: 24 }, 'vanished'],
    [{ code: 1 }, 'refused'],
    [{ code: 5 }, 'refused'],
    [{ code: 10 }, 'retry'],
    [{ code: 12 }, 'retry'],
    [{ code: 20 }, 'retry'],
    [{ code: 20, cancelled: true }, 'cancelled'],
    [{ code: 23 }, 'incomplete'],
    [{ code: 25 }, 'deletions-stopped'],
    [{ code: 30 }, 'retry'],
    [{ code: 127 }, 'refused'],
    [{ code: 255 }, 'retry'],
    [{ code: 255, stderr: 'x@y: Permission denied (publickey).\n' }, 'refused'],
    [{ code: 12, stderr: 'x@y: Permission denied (publickey,password).\n' }, 'refused'],
    [{ code: 12, stderr: 'rsync: [receiver] mkstemp "x" failed: Permission denied (13)\n' }, 'retry'],
    [{ code: 99 }, 'refused'],
    [{ code: null, signal: 'SIGKILL' as const }, 'retry'],
    [{ code: 11, stderr: 'rsync: write failed on "x": No space left on device (28)' }, 'no-space'],
    [{ code: 11, stderr: 'rsync: mkdir "x" failed: Read-only file system (30)' }, 'incomplete'],
    // a push to a daemon says so and ends well
    [{ code: 0, stderr: 'Deletions stopped due to --max-delete limit (3 skipped)\n' }, 'deletions-stopped'],
  ])('%j: %s', (change, verdict) => {
    expect(verdictOf(end(change))).toBe(verdict);
    expect(problemOf('x', end(change)) === null).toBe(verdict === 'done' || verdict === 'vanished');
  });

  test('the message names the code and what was said, limited', () => {
    const problem = problemOf('Copying', end({ code: 23, stderr: `${'x'.repeat(9000)}\nrsync: no\n` }));
    expect(problem?.message).toMatch(/exit code 23/);
    expect(problem?.message.length).toBeLessThan(800);
  });
});

const installed = spawnSync('rsync', ['--version']).status === 0;
(installed ? describe : describe.skip)('a run', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lifeboat-rsync-'));
    mkdirSync(join(dir, 'a'));
    writeFileSync(join(dir, 'a', 'large'), Buffer.alloc(20_000_000, 7));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const slow = () =>
    runArguments(transport(join(dir, 'b'), { bandwidthLimit: 2000 }), {
      from: `${dir}/a/`,
      to: `${dir}/b/`,
      progress: true,
    });

  test('a cancel ends it, and keeps the part under no name of its own', async () => {
    const abort = new AbortController();
    const ended = runRsync(slow(), {
      signal: abort.signal,
      onLine: (line) => (parseProgress(line)?.bytes ?? 0) > 1_000_000 && abort.abort(),
    });
    expect(verdictOf(await ended)).toBe('cancelled');
    expect(readdirSync(join(dir, 'b'))).toEqual(['.rsync-partial']);
  });

  test('it ends with the process that started it', async () => {
    const script = `
      const { runRsync } = require(${JSON.stringify(join(__dirname, '../../dist/rsync/runner.js'))});
      void runRsync(${JSON.stringify(slow())}, { signal: new AbortController().signal });
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 700);`;
    spawnSync(process.execPath, ['-e', script]);
    const alive = (): boolean =>
      readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(`${dir}/a/`));
    for (let tries = 0; tries < 100 && alive(); tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(alive()).toBe(false);
    expect(readdirSync(join(dir, 'b')).length).toBeGreaterThan(0);
  });
});

function commandOf(pid: string): string {
  const { stdout } = spawnSync('cat', [`/proc/${pid}/cmdline`], { encoding: 'utf8' });
  return stdout;
}
