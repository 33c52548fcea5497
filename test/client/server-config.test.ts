/** `lifeboat server-config`, on saved settings, and beside those of a stand-in host. */
import {
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CarbonioBench } from '../embedded/carbonio-kit';
import { config, ConfigBench, FIRST, SECOND } from '../server-config/kit';
import { run, type Ended } from './cli';

jest.setTimeout(60_000);
let bench: ConfigBench;
let old: string;
const lifeboat = (...args: string[]): Promise<Ended> =>
  run(['server-config', ...args], { TZ: 'CET' }, bench.dir);
beforeAll(() => {
  bench = new ConfigBench();
  const store = bench.store(
    'old',
    [config({ zimbraMailMode: 'http' }, { zimbraAuthTokenKey: 'hunter2' }), FIRST],
    [
      config({ zimbraMailMode: 'both', evil: 'a\nserver____fake' }, { zimbraAuthTokenKey: 'hunter2' }),
      SECOND,
    ],
  );
  bench.customizations(store, SECOND, { 'opt/zextras/conf/x': 'hunter3' });
  old = store.root;
});
afterAll(() => bench.remove());

test('one setting as the vendor prints it, in the time zone of the machine', async () => {
  const query = ['--query', 'serverConfig/zimbraMailMode/mail.example.com'];
  const last = await lifeboat('standard', '--backup-path', old, ...query);
  expect(last.stdout).toMatch(/^config date_+02\/01\/2025 04:00:00 CET\nmail\.example\.com_+both\n$/);
  const before = await lifeboat('standard', '--backup-path', old, '--date', '02/01/2025 03:59:59', ...query);
  expect(before.stdout).toMatch(/http\n$/);
});

test('the states, the counts, everything: secrets masked, line breaks escaped', async () => {
  expect((await lifeboat('standard', '--backup-path', old, '--date', 'all')).stdout).toMatch(
    /^01\/01\/2025 .*_config_01_01_25#03_00_00\.json\.gz\n02\/01\/2025 .*\n$/,
  );
  expect((await lifeboat('standard', '--backup-path', old)).stdout).toMatch(/^server settings_+2$/m);
  const all = await lifeboat('standard', '--backup-path', old, '--query', '/');
  expect(all.stdout).toMatch(/^globalConfig\/zimbraAuthTokenKey_+\*{8}$/m);
  expect(all.stdout).toMatch(/_a\\nserver____fake$/m);
  expect(all.stderr).toContain('zimbraAuthTokenKey');
  const json = await lifeboat('standard', '--backup-path', old, '--query', 'globalConfig', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    states: [
      { savedAt: SECOND.toISOString(), settings: [{ attribute: 'zimbraAuthTokenKey', masked: true }] },
    ],
    masked: ['zimbraAuthTokenKey'],
  });
  expect(all.stdout + all.stderr + json.stdout).not.toContain('hunter');
});

test('of all states one that is damaged hides no other, and is told', async () => {
  const { root } = bench.store(
    'partly',
    [config({ zimbraMailMode: 'http' }), FIRST],
    [config({ zimbraMailMode: 'both' }), SECOND],
  );
  writeFileSync(join(root, 'server', 'config_01_01_25#03_00_00.json.gz'), 'hunter2');
  const query = ['--date', 'all', '--query', 'serverConfig/zimbraMailMode/mail.example.com'];
  const all = await lifeboat('standard', '--backup-path', root, ...query);
  expect([all.code, all.stdout]).toEqual([3, expect.stringMatching(/^config date_.*\n[^\n]*both\n$/)]);
  expect(all.stderr).toContain('config_01_01_25#03_00_00.json.gz');
  const json = await lifeboat('standard', '--backup-path', root, ...query, '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ states: [{}], damaged: [{}] });
  expect(json.stdout + all.stderr).not.toContain('hunter2');
});

test('the list of all states is whole though one of them cannot be opened', async () => {
  const { root } = bench.store('linked', [config({}), FIRST], [config({}), SECOND]);
  const first = join(root, 'server', 'config_01_01_25#03_00_00.json.gz');
  unlinkSync(first);
  symlinkSync('/etc/hostname', first);
  const { code, stdout } = await lifeboat('standard', '--backup-path', root, '--date', 'all', '--json');
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toEqual({
    states: [expect.objectContaining({ savedAt: SECOND.toISOString() })],
    damaged: [
      { path: expect.stringContaining(basename(first)) as unknown, why: expect.any(String) as unknown },
    ],
  });
});

test('a file is saved once, and shown when it is named alone', async () => {
  const file = join(bench.dir, 'saved.json');
  expect((await lifeboat('standard', '--backup-path', old, '--file', 'saved.json')).code).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain('hunter');
  const again = await lifeboat('standard', '--backup-path', old, '--file', 'saved.json');
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('is there already')]);
  expect((await lifeboat('standard', '--file', 'saved.json', '--query', 'serverConfig')).stdout).toMatch(
    /_both\n/,
  );
  const raw = join(old, 'server', 'config_01_01_25#03_00_00.json.gz');
  expect((await lifeboat('standard', '--file', raw, '--query', '/')).stdout).toMatch(/_http\n/);
});

test('customizations are listed, saved and unpacked', async () => {
  const listed = await lifeboat('customizations', '--backup-path', old, '--verbose');
  expect(listed.stdout).toMatch(
    /^ATTENTION: .*\n[^]*\narchives\n {8}filename +customizations_02_01_25#03_00_00\.tar\.gz\n/,
  );
  expect(listed.stdout).toMatch(/folder +opt\/zextras\/conf\n/);
  expect((await lifeboat('customizations', '--backup-path', old, '--file', 'c.tar.gz')).code).toBe(0);
  const [name = ''] = readdirSync(join(old, 'server')).filter((one) => one.startsWith('customizations'));
  expect(readFileSync(join(bench.dir, 'c.tar.gz'))).toEqual(readFileSync(join(old, 'server', name)));
  expect((await lifeboat('extract', 'out', '--backup-path', old)).code).toBe(0);
  expect(readFileSync(join(bench.dir, 'out/opt/zextras/conf/x'), 'utf8')).toBe('hunter3');
  expect((await lifeboat('extract', 'out', '--backup-path', old)).code).toBe(2);
});

test('of all archives those that are damaged hide no other, and are told', async () => {
  const store = bench.store('torn', [config(), FIRST]);
  const third = new Date('2025-01-03T03:00:00Z');
  const [first, , last] = [FIRST, SECOND, third].map((at) =>
    bench.customizations(store, at, { 'opt/zextras/conf/x': 'hunter3' }),
  ) as [string, string, string];
  writeFileSync(first, 'hunter2');
  writeFileSync(last, gzipSync(gunzipSync(readFileSync(last)).subarray(0, 515)));
  const args = ['customizations', '--backup-path', store.root, '--verbose'];
  const all = await lifeboat(...args, '--date', 'all');
  const names = [first, last].map((path) => basename(path));
  expect(all.code).toBe(3);
  expect(all.stdout).toMatch(/archives\n {8}filename +customizations_02_01_25#03_00_00\.tar\.gz\n/);
  for (const name of names)
    expect([all.stdout, all.stderr]).toEqual([
      expect.not.stringContaining(name),
      expect.stringContaining(name),
    ]);
  const json = await lifeboat(...args, '--date', 'all', '--json');
  expect(json.code).toBe(3);
  expect(JSON.parse(json.stdout)).toMatchObject({
    archives: [{ filename: 'customizations_02_01_25#03_00_00.tar.gz', contents: { files: 1 } }],
    damaged: [first, last].map((path) => ({ path: expect.stringContaining(basename(path)) as unknown })),
  });
  // the one that was asked for is no part of a list
  expect(await lifeboat(...args)).toMatchObject({ code: 1, stdout: '' });
});

test.each([
  ['no Backup Path', ['standard', '--backup-path', '/no/such'], /no\/such/],
  ['no such moment', ['standard', '--date', '01/01/2020'], /--date all/],
  ['no such place', ['standard', '--query', 'serverConfig/nothing'], /lists every place/],
  ['no date', ['standard', '--date', 'soon'], /It must be a time/],
  ['live first', ['diff', 'live', 'old'], /live comes second/],
  ['a file that is none', ['diff', 'old', 'nothing'], /nothing cannot be read/],
])('refuses %s with exit code 2', async (_what, args, message) => {
  const at = args[0] === 'diff' || args.includes('--backup-path') ? [] : ['--backup-path', old];
  const { code, stdout, stderr } = await lifeboat(...args, ...at);
  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('diff: 0 the same, 3 different, with the script for review', async () => {
  const same = await lifeboat('diff', old, old);
  expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('The same; ')]);
  const first = join(old, 'server', 'config_01_01_25#03_00_00.json.gz');
  const found = await lifeboat('diff', first, old, '--script', 'review.sh', '--json');
  expect(found.code).toBe(3);
  expect(JSON.parse(found.stdout)).toMatchObject({
    same: false,
    mustMatch: [{ attribute: 'evil' }, { attribute: 'zimbraMailMode', a: ['http'], b: ['both'] }],
    hostSpecific: [],
  });
  expect(readFileSync(join(bench.dir, 'review.sh'), 'utf8')).toContain(
    '\ncarbonio prov ms mail.example.com zimbraMailMode http\n',
  );
});

describe('beside a mail host', () => {
  const host = new CarbonioBench();
  const live = (...args: string[]): Promise<Ended> =>
    run(['server-config', 'diff', ...args], { ...host.up.env, LIFEBOAT_LOCK_DIR: host.dir }, bench.dir);
  beforeAll(async () => {
    await host.start();
    expect((await host.carbonio('--sync', 'backup', 'doSmartScan', 'start')).code).toBe(0);
  });
  afterAll(() => host.remove());

  test('what a scan has saved is what is in force; the commands bring it back', async () => {
    const { backup } = host.up.places;
    const same = await live(backup, 'live');
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('The same')]);
    await host.carbonio('prov', 'ms', host.up.settings.host, 'zimbraMailMode', 'https');
    await host.carbonio('prov', 'mcf', 'zimbraMtaRestriction', 'only one', 'zimbraCrsfTokenKey', 'hunter4');
    await host.carbonio('config', 'set', 'server', host.up.settings.host, 'ZxBackup_MaxWaitingTime', '1');
    await host.carbonio('config', 'set', 'cos', 'default', 'backupEnabled', 'false');
    const found = await live(backup, 'live', '--script', 'live.sh', '--json');
    const { mustMatch } = JSON.parse(found.stdout) as { mustMatch: { attribute: string }[] };
    expect(mustMatch.map(({ attribute }) => attribute)).toEqual([
      'ZxBackup_MaxWaitingTime',
      'zimbraMailMode',
      'zimbraCrsfTokenKey',
      'zimbraMtaRestriction',
      'backupEnabled',
    ]);
    expect(found.stdout).not.toContain('hunter4');
    // a person runs what was reviewed
    const commands = readFileSync(join(bench.dir, 'live.sh'), 'utf8').match(/^carbonio .*$/gm) ?? [];
    expect(commands).toHaveLength(4);
    for (const command of commands) {
      const words = (command.match(/'[^']*'|\S+/g) ?? []).map((one) => one.replaceAll("'", ''));
      expect((await host.carbonio(...words.slice(1))).code).toBe(0);
    }
    await host.carbonio('prov', 'mcf', 'zimbraCrsfTokenKey', '');
    expect((await live(backup, 'live')).code).toBe(0);
  });

  test('an answer that is not understood is a failure', async () => {
    host.up.setFaults([{ kind: 'garble', command: 'prov gacf', text: 'nonsense' }]);
    const { code, stderr } = await live(host.up.places.backup, 'live');
    expect([code, stderr]).toEqual([1, expect.stringContaining('not understood')]);
    host.up.setFaults([]);
  });

  test('the own customizations of the host are unpacked like any other', async () => {
    const { backup } = host.up.places;
    const done = await lifeboat('extract', 'from-host', '--backup-path', backup);
    expect(done.code).toBe(0);
    expect(existsSync(join(bench.dir, 'from-host/conf/localconfig.xml'))).toBe(true);
  });
});
