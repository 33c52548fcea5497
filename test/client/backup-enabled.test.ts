/** `lifeboat backup-enabled` on a stand-in host, and what being off does to its scans, exports and purges. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookForOff } from '../../src/backup-enabled/guard';
import { OffRecord } from '../../src/backup-enabled/record';
import { BackupPath } from '../../src/backup-path/store';
import { BackupPathWriter } from '../../src/backup-path/writer';
import { openCarbonioHost } from '../../src/carbonio/host';
import { loadConfig } from '../../src/config';
import { CarbonioBench, until } from '../embedded/carbonio-kit';
import { mail } from '../restore/store';
import { run, startInTerminal, type Ended } from './cli';

jest.setTimeout(120_000);
const host = new CarbonioBench();
let env: Record<string, string>;
const lifeboat = (...args: string[]): Promise<Ended> => run(['backup-enabled', ...args], env, host.dir);
const json = async (...args: string[]) =>
  JSON.parse((await lifeboat(...args, '--json')).stdout) as Record<string, unknown>;
const sync = async (...args: string[]): Promise<void> => {
  expect((await host.carbonio('--sync', 'backup', ...args)).code).toBe(0);
};
const set = (...words: string[]) => host.carbonio('config', 'set', ...words);
const unset = (...words: string[]) => host.carbonio('config', 'unset', ...words, 'backupEnabled');
const JANE = ['account', 'jane@example.com'];
const DAY = 86_400_000;

beforeAll(async () => {
  const up = await host.start();
  env = {
    ...up.env,
    LIFEBOAT_STATE_DIR: join(host.dir, 'state'),
    LIFEBOAT_LOCK_DIR: host.dir,
    LIFEBOAT_HOST: 'off',
  };
  for (const name of ['jane', 'joe']) {
    await host.carbonio('prov', 'ca', `${name}@example.com`, 'x');
    await host.deliver(`${name}@example.com`, mail(`to ${name}`));
  }
  await sync('doSmartScan', 'start');
});
afterAll(() => host.remove());

test('where a value comes from: nothing, the class, the account', async () => {
  const state = async (): Promise<unknown[]> => {
    const { effective, origin, own, inherited } = await json('get', ...JANE);
    return [effective, origin, own, inherited];
  };
  expect(await state()).toEqual([true, 'default', null, true]);
  await set('cos', 'default', 'backupEnabled', 'false');
  expect(await state()).toEqual([false, 'cos', null, false]);
  expect((await lifeboat('set', ...JANE, 'true')).stdout).toMatch(
    /: on, by a value of its own; without it: by the class default\nBefore: off, by its class of service default\n$/,
  );
  expect(await state()).toEqual([true, 'account', true, false]);
  expect((await lifeboat('get', 'cos', 'default')).stdout).toMatch(
    /^backupEnabled of cos default: off, by a value of its own\nWith the backup off, .* \(30 days of retention\)/,
  );
  await unset('cos', 'default');
  expect((await json('unset', ...JANE)).previous).toMatchObject({ own: true, effective: true });
});

test('off needs a yes, and says from which day it is purged by the retention of the host', async () => {
  await set('global', 'backupAccountsRetentionDays', '10');
  const day = new Date(Date.now() + 10 * DAY).toISOString().slice(0, 10);
  const asked = await lifeboat('set', ...JANE, 'false');
  expect([asked.code, asked.stdout]).toEqual([2, '']);
  // the date may change while this runs
  expect(asked.stderr).toMatch(
    new RegExp(`From (${day}|\\d{4}-\\d\\d-\\d\\d) on \\(10 days of retention\\).*--yes`),
  );
  const refused = startInTerminal(['backup-enabled', 'set', ...JANE, 'false'], env, host.dir);
  let shown = '';
  refused.child.stdout?.on('data', (text: string) => (shown += text));
  await until(() => shown.includes('[y/N]'));
  refused.child.stdin?.write('n\n');
  expect((await refused.ended).code).toBe(130);
  expect(await json('get', ...JANE)).toMatchObject({ own: null });
  // taking a value away that kept it on asks too
  await set('cos', 'default', 'backupEnabled', 'false');
  await set(...JANE, 'backupEnabled', 'true');
  expect((await lifeboat('unset', ...JANE)).code).toBe(2);
  await unset(...JANE);
  await unset('cos', 'default');
  // 0 for items: a purge ends at once
  await set('global', 'ZxBackup_DataRetentionDays', '0');
  expect((await lifeboat('set', ...JANE, 'false')).stderr).toMatch(
    /retention of the mail host is without end/,
  );
  await set('global', 'ZxBackup_DataRetentionDays', '30');
});

test('it holds at once though an operation works, and again is unchanged', async () => {
  host.up.setFaults([{ kind: 'hold', operation: 'SmartScan', at: 'start', milliseconds: 60_000, times: 1 }]);
  const { operationId } = await host.json('backup', 'doSmartScan', 'start');
  expect(await json('set', ...JANE, 'false', '--yes')).toMatchObject({
    status: 'changed',
    previous: { own: null, effective: true, origin: 'default' },
    now: { own: false, effective: false, origin: 'account' },
  });
  expect((await host.names()).map(([id]) => id)).toEqual([operationId]);
  expect(await json('set', ...JANE, 'false', '--yes')).toMatchObject({ status: 'unchanged' });
  host.up.setFaults([]);
  await host.carbonio('backup', 'doStopOperation', operationId);
  await until(async () => (await host.names()).length === 0);
});

test('an account that is off is not exported, counts as deleted, is purged after the retention; on again it is back', async () => {
  const store = () => BackupPath.open(host.up.places.backup);
  const info = (name: string) =>
    store()
      .accountIds()
      .ids.map((id) => store().accountInfo(id))
      .find((one) => one.name === name);
  // not scanned yet, and left out all the same
  expect(info('jane@example.com')).toMatchObject({ status: 'active' });
  await sync('doExport', join(host.dir, 'export'));
  const exported = BackupPath.open(join(host.dir, 'export'));
  expect(exported.accountIds().ids.map((id) => exported.accountInfo(id).name)).toEqual(['joe@example.com']);
  await sync('doSmartScan', 'start');
  const gone = info('jane@example.com');
  expect(gone).toMatchObject({ status: 'deleted', backupEnabled: false });
  await sync('doPurge');
  expect(info('jane@example.com')).toBeDefined();
  if (gone === undefined) throw new Error('there is no jane');
  const blobs = join(store().root, 'items');
  expect(existsSync(blobs)).toBe(true);
  BackupPathWriter.open(store().root, false).account({ ...gone, deletedAt: Date.now() - 11 * DAY });
  await sync('doPurge');
  expect(info('jane@example.com')).toBeUndefined();
  expect(info('joe@example.com')).toMatchObject({ status: 'active' });
  expect((await host.texts()).join('\n')).toMatch(
    /purged accounts: +1\n.*purged items: +0\n.*purged blobs: +1/,
  );
  await lifeboat('unset', ...JANE);
  await sync('doSmartScan', 'start');
  expect(info('jane@example.com')).toMatchObject({ status: 'active', backupEnabled: true });
  const saved = JSON.parse(readFileSync(join(host.dir, 'state/backup-enabled/off.json'), 'utf8')) as {
    off: [];
  };
  expect(saved.off).toEqual([]);
});

test.each([
  ['an account that there is not', ['get', 'account', 'nobody@example.com'], 1, /no such account/],
  ['a class that there is not', ['set', 'cos', 'nope', 'true'], 1, /no such cos/],
  ['another value', ['set', 'cos', 'default', 'maybe'], 2, /Allowed choices are true, false/],
  ['another scope', ['get', 'domain', 'example.com'], 2, /Allowed choices are cos, account/],
  ['a name like a switch', ['get', 'cos', '--', '-x'], 2, /begins with -/],
])('refuses %s', async (_what, args, code, message) => {
  const ended = await lifeboat(...args);
  expect([ended.code, ended.stdout, ended.stderr]).toEqual([code, '', expect.stringMatching(message)]);
});

test('what was off before is purged earlier than what is switched off now', async () => {
  const record = join(host.dir, 'state/backup-enabled/off.json');
  const since = Date.now() - 20 * DAY;
  const first = new Date(since + 30 * DAY).toISOString();
  await set('global', 'backupAccountsRetentionDays', '30');
  await set('cos', 'default', 'backupEnabled', 'false');
  writeFileSync(
    record,
    JSON.stringify({ off: [{ scope: 'cos', name: 'default', offSince: since, warnedAt: null }] }),
  );
  const joe = ['account', 'joe@example.com'];
  // with its class
  expect((await lifeboat('set', ...joe, 'false')).stderr).toContain(`From ${first.slice(0, 10)} on`);
  expect(await json('set', ...joe, 'false', '--yes')).toMatchObject({ status: 'changed', purgeFrom: first });
  await unset('cos', 'default');
  // by itself
  expect(await json('set', ...joe, 'false', '--yes')).toMatchObject({
    status: 'unchanged',
    purgeFrom: first,
  });
  expect(await json('get', ...joe)).toMatchObject({ offSince: new Date(since).toISOString() });
  // nobody knows since when
  writeFileSync(record, JSON.stringify({ off: [] }));
  expect((await lifeboat('set', ...joe, 'false')).stderr).toContain('the day may be earlier');
  await lifeboat('unset', ...joe);
});

test('an account that is deleted while the guard asks is no failure, one that was named and is not there is', async () => {
  const { carbonio } = loadConfig(env);
  const quiet = { debug: () => undefined, warn: () => undefined };
  const { cli } = openCarbonioHost(carbonio, { lockDir: host.dir, host: 'off' }, quiet);
  const record = new OffRecord(join(host.dir, 'state-of-guard'), 'off');
  await host.carbonio('prov', 'ca', 'zoe@example.com', 'x');
  const [program = '', ...words] = carbonio.command.split(' ');
  const look = (accounts: 'all' | string[]) =>
    lookForOff(cli, record, { accounts, warnDays: [1] }, (done) => {
      if (done === 1) spawnSync(program, [...words, 'prov', 'da', 'zoe@example.com']);
    });
  expect((await look('all')).off).toEqual([]);
  await expect(look(['zoe@example.com'])).rejects.toMatchObject({ type: 'CommandFailed' });
});

test('an answer that is not understood is a failure, and nothing is changed', async () => {
  host.up.setFaults([{ kind: 'garble', command: 'config get', text: 'value perhaps' }]);
  const { code, stderr } = await lifeboat('set', ...JANE, 'false', '--yes');
  expect([code, stderr]).toEqual([1, expect.stringContaining('not understood')]);
  host.up.setFaults([]);
  expect(await json('get', ...JANE)).toMatchObject({ own: null });
});
