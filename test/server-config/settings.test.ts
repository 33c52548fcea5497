/** Saved settings: choosing a state, single places, secrets, differences, and the commands for review. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackupPath } from '../../src/backup-path/store';
import { inGroup, diffSettings, isSame, type SettingsDiff } from '../../src/server-config/diff';
import { dumpOf, settingsOfFile } from '../../src/server-config/dump';
import { settingsOf, type Settings } from '../../src/server-config/model';
import { answer } from '../../src/server-config/query';
import { savedStates, settingsOfStore } from '../../src/server-config/saved';
import { renderScript } from '../../src/server-config/script';
import { MASK, shown } from '../../src/server-config/secrets';
import { settingLines } from '../../src/server-config/text';
import type { Attributes } from '../../src/backup-path/model';
import { failure } from '../carbonio/kit';
import { problemOf } from '../backup-path/kit';
import { config, ConfigBench, FIRST, SECOND } from './kit';

let bench: ConfigBench;
beforeEach(() => {
  bench = new ConfigBench();
});
afterEach(() => bench.remove());

const settings = (server: Attributes = {}, global: Attributes = {}, name?: string): Settings =>
  settingsOf(config(server, global, name), 'a test', 0);
const groups = (found: SettingsDiff) =>
  Object.fromEntries(
    (['mustMatch', 'hostSpecific', 'cosmetic'] as const).map((group) => [
      group,
      inGroup(found, group).map(({ attribute }) => attribute),
    ]),
  );

test('the state that was in force at a moment', () => {
  const { root } = bench.store('old', [config({ at: 'first' }), FIRST], [config({ at: 'second' }), SECOND]);
  const value = (when: 'last' | number): string | undefined =>
    settingsOfStore(root, when).objects[0]?.attributes.get('at')?.[0];
  expect(value('last')).toBe('second');
  expect(value(SECOND.getTime())).toBe('second');
  expect(value(SECOND.getTime() - 1)).toBe('first');
  expect(savedStates(BackupPath.open(root), 'config', 'all').map(({ at }) => at)).toEqual([
    FIRST.getTime(),
    SECOND.getTime(),
  ]);
  const none = problemOf(() => settingsOfStore(root, FIRST.getTime() - 1));
  expect([none.type, none.message]).toEqual([
    'SavedConfigMissing',
    expect.stringContaining(FIRST.toISOString()),
  ]);
  expect(problemOf(() => savedStates(BackupPath.open(root), 'customizations', 'last')).type).toBe(
    'SavedConfigMissing',
  );
});

test('a damaged state is told, never an older one shown', () => {
  const { root } = bench.store('old', [config(), FIRST]);
  writeFileSync(join(root, 'server', 'config_02_01_25#03_00_00.json.gz'), 'hunter2');
  const problem = problemOf(() => settingsOfStore(root));
  expect(problem.type).toBe('SavedConfigDamaged');
  expect(problem.message).not.toContain('hunter2');
});

test('a place answers one setting, a part of it all below; values of a list a line each', () => {
  const one = settings({ zimbraMailMode: 'both', zimbra__a___b: ['x_y', 'z'] });
  expect(settingLines(one, answer(one, 'serverConfig/zimbraMailMode/mail.example.com'))).toEqual([
    expect.stringMatching(/^config date_{3,}\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d \S+$/),
    `mail.example.com${'_'.repeat(128 - 20)}both`,
  ]);
  const places = (query: string): string[] => answer(one, query).entries.map(({ place }) => place);
  expect(places('SERVERCONFIG')).toEqual([
    'serverConfig/zimbraMailMode/mail.example.com',
    'serverConfig/zimbra__a___b/mail.example.com',
  ]);
  expect(places('serverConfig/zimbraMail')).toEqual([]);
  expect(places('/')).toContain('distributionList/members/all@example.com');
  expect(settingLines(one, answer(one, 'serverConfig/zimbra__a___b')).slice(1)).toHaveLength(2);
});

test.each([
  ['zimbraAuthTokenKey', '0:abc', true],
  ['zimbraGalLdapBindPassword', 'x', true],
  ['zimbraSSLPrivateKey', 'x', true],
  ['zimbraTwoFactorAuthSecret', 'x', true],
  ['ldap_root_password', 'x', true],
  ['anything', '-----BEGIN RSA PRIVATE KEY-----\nabc', true],
  ['anything', '{SSHA512}abc', true],
  ['backupArchivingStore', '{"storeType":"S3","secretKey":"abc"}', true],
  ['zimbraPasswordMinLength', '8', false],
  ['zimbraFeatureChangePasswordEnabled', 'TRUE', false],
  ['zimbraSshPublicKey', 'ssh-rsa abc', false],
])('%s = %s: secret %s', (name, value, secret) => {
  expect(shown(name, [value])).toEqual({ values: [secret ? MASK : value], masked: secret });
});

test('a password in a URL is taken out of it', () => {
  expect(shown('zimbraMtaRelayHost', ['smtp://user:hunter2@relay'])).toEqual({
    values: ['smtp://user@relay'],
    masked: true,
  });
});

test('what is saved as a dump comes back, without secrets; nothing else is read as one', async () => {
  const before = settings({ zimbraMailMode: 'both' }, { zimbraAuthTokenKey: 'hunter2', list: ['a', 'b'] });
  const file = join(bench.dir, 'dump.json');
  writeFileSync(file, dumpOf(before));
  const after = settingsOfFile(file);
  expect(dumpOf(before)).not.toContain('hunter2');
  const found = diffSettings(before, after);
  expect(found.differences).toEqual([]);
  expect(found.notComparable).toEqual(['global/zimbraAuthTokenKey']);
  expect(isSame(found)).toBe(false);
  writeFileSync(file, '{"form":"another"}');
  expect((await failure(() => void settingsOfFile(file))).type).toBe('SavedConfigDamaged');
  expect((await failure(() => void settingsOfFile(join(bench.dir, 'none')))).type).toBe('SourceNotFound');
});

test('differences in their groups', () => {
  const found = diffSettings(
    settings(
      {
        zimbraMailMode: 'both',
        zimbraServiceHostname: 'mail.example.com',
        zimbraMailPort: '8080',
        list: ['a', 'B'],
      },
      { zimbraMtaMaxMessageSize: '52428800', zimbraAuthTokenKey: 'one', description: 'old' },
    ),
    settings(
      {
        zimbraMailMode: 'http',
        zimbraServiceHostname: 'new.example.com',
        zimbraMailPort: '8080',
        list: ['b ', 'a'],
      },
      { zimbraAuthTokenKey: 'two', description: 'new' },
      'new.example.com',
    ),
  );
  expect(groups(found)).toEqual({
    mustMatch: ['zimbraMailMode', 'zimbraAuthTokenKey', 'zimbraMtaMaxMessageSize'],
    hostSpecific: ['name', 'zimbraServiceHostname'],
    cosmetic: ['list', 'description'],
  });
  expect(JSON.stringify(found)).not.toMatch(/"(one|two)"/);
  expect(inGroup(found, 'mustMatch')[1]).toMatchObject({ secret: true, a: [MASK], b: [MASK] });
  expect(inGroup(found, 'mustMatch')[2]).toMatchObject({ a: ['52428800'], b: null });
  expect(isSame(diffSettings(settings({ a: '1' }), settings({ a: '1' })))).toBe(true);
});

test('a domain that is missing is one difference; what was not read is no difference', () => {
  const a = settings();
  const b: Settings = {
    ...a,
    scopes: ['server', 'domain'],
    objects: a.objects.filter(({ scope }) => scope === 'server'),
  };
  const found = diffSettings(a, b);
  expect(found.differences).toEqual([
    expect.objectContaining({ scope: 'domain', object: 'example.com', attribute: null, group: 'mustMatch' }),
  ]);
  expect(found.notRead).toEqual(['global', 'cos', 'distributionList']);
});

test('the script is read by a shell as the words that were meant, whatever the values are', () => {
  const evil = `'; touch pwned; echo "$(touch pwned)" \`touch pwned\` \\ !x`;
  const a = settings(
    {
      zimbraMailMode: evil,
      zimbraList: ['a b', evil],
      ZxBackup_MaxWaitingTime: '5000',
      'x; touch pwned': '1',
      zimbraBreak: 'one\ntouch pwned',
      zimbraDash: '-x',
      zimbraAuthTokenKey: 'hunter2',
      zimbraServiceHostname: `a\ntouch pwned`,
    },
    { zimbraGone: 'yes' },
    'old',
  );
  const script = renderScript(diffSettings(a, settings({ zimbraExtra: 'x' }, {}, 'new')), { server: 'new' });
  expect(script).not.toContain('hunter2');
  // a `carbonio` that tells its words, in a folder where a hostile one would leave a file
  writeFileSync(join(bench.dir, 'carbonio'), '#!/bin/sh\nprintf "%s\\0" "$@" END\n', { mode: 0o755 });
  writeFileSync(join(bench.dir, 'script'), script);
  const env = { PATH: `${bench.dir}:/usr/bin:/bin` };
  const output = execFileSync('sh', ['script'], { cwd: bench.dir, env }).toString('utf8');
  expect(
    output
      .split('\0END\0')
      .filter(Boolean)
      .map((words) => words.split('\0')),
  ).toEqual([
    ['config', 'set', 'server', 'new', 'ZxBackup_MaxWaitingTime', '5000'],
    ['prov', 'ms', 'new', 'zimbraExtra', ''],
    ['prov', 'ms', 'new', 'zimbraList', 'a b', 'zimbraList', evil],
    ['prov', 'ms', 'new', 'zimbraMailMode', evil],
    ['prov', 'mcf', 'zimbraGone', 'yes'],
  ]);
  expect(execFileSync('ls', [bench.dir]).toString()).not.toContain('pwned');
  const byHand = script.split('\n').filter((line) => line.startsWith('# By hand'));
  expect(byHand).toHaveLength(6);
});
