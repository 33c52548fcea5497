/** The own Backup Path of the stand-in: scans, restores from it and from a copy, export, and looking into it. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackupPath } from '../../src/backup-path/store';
import { accountInfo, mail } from '../restore/store';
import { CarbonioBench, until } from './carbonio-kit';

const SERVER = 'mail.stand-in.invalid';
let bench: CarbonioBench;
beforeEach(async () => {
  bench = new CarbonioBench();
  await bench.start();
});
afterEach(() => bench.remove());

const sync = (...args: string[]) => bench.carbonio('--sync', 'backup', ...args);
const ok = async (...args: string[]): Promise<void> => {
  const { code, stdout, stderr } = await sync(...args);
  expect([args, code, stdout + stderr]).toEqual([args, 0, expect.any(String)]);
};

async function jane(...subjects: string[]): Promise<void> {
  await bench.carbonio('prov', 'ca', 'jane@example.com', 'x');
  for (const subject of subjects) await bench.deliver('jane@example.com', mail(subject));
}

const inbox = (): string => join(bench.host, 'mailboxes/example.com/jane/Maildir/new');

/** As a server writes dates; the next full second is waited for, so that it lies behind all that was. */
async function now(): Promise<string> {
  await sleep(1100);
  const date = new Date(Date.now() - 1000);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(date.getDate())}/${two(date.getMonth() + 1)}/${date.getFullYear()} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

test('from a copy of the Backup Path to the same server: the account as it was, on another address', async () => {
  await jane('one', 'two');
  await ok('doSmartScan', 'start');
  const before = await now();
  const copy = join(bench.dir, 'copy');
  rmSync(inbox(), { recursive: true });
  await ok('doSmartScan', 'start');
  cpSync(join(bench.host, 'backup'), copy, { recursive: true });
  const path = async (): Promise<string> =>
    (await bench.carbonio('config', 'get', 'server', SERVER, 'ZxBackup_DestPath')).stdout;
  expect(await path()).toMatch(/^ {8}isInherited {49}true$/m);
  expect((await bench.carbonio('backup', 'doStopService', 'RealTime Scanner')).code).toBe(0);
  expect((await bench.carbonio('config', 'set', 'server', SERVER, 'ZxBackup_DestPath', copy)).stdout).toBe(
    'ok\n',
  );
  expect(await path()).toContain(copy);
  await ok('doRestoreOnNewAccount', 'jane@example.com', 'jane.new@example.com', before);
  expect(bench.subjects('jane.new@example.com')).toEqual(['one', 'two']);
  expect((await bench.carbonio('config', 'unset', 'server', SERVER, 'ZxBackup_DestPath')).stdout).toBe(
    'ok\n',
  );
  expect(await path()).not.toContain(copy);
});

test('a deleted account comes back by its id', async () => {
  await jane('one');
  const id =
    /zimbraId: (\S+)/.exec((await bench.carbonio('prov', 'ga', 'jane@example.com')).stdout)?.[1] ?? '';
  await ok('doSmartScan', 'start');
  await bench.carbonio('prov', 'da', 'jane@example.com');
  await ok('doSmartScan', 'start');
  const { accounts } = await bench.json<{ accounts: unknown[] }>('backup', 'getAvailableAccounts');
  expect(accounts).toEqual([{ id, name: 'jane@example.com', status: 'deleted' }]);
  await ok('doRestoreOnNewAccount', id, 'back@example.com', 'last');
  expect(bench.subjects('back@example.com')).toEqual(['one']);
});

test('undelete and the restore of one item, and the states that getItem shows', async () => {
  await jane('one', 'two');
  await ok('doSmartScan', 'start');
  const gone = readdirSync(inbox())[0] ?? '';
  rmSync(join(inbox(), gone));
  await ok('doAccountScan', 'jane@example.com');
  expect(bench.subjects('jane@example.com')).toHaveLength(1);
  const { accounts } = await bench.json<{ accounts: { id: string }[] }>('backup', 'getAvailableAccounts');
  const store = BackupPath.open(join(bench.host, 'backup'));
  const item = [257, 258].find((id) => store.itemById(accounts[0]?.id ?? '', id).at(-1)?.deleted);
  const { stdout } = await bench.carbonio(
    'backup',
    'getItem',
    'jane@example.com',
    String(item),
    'date',
    'all',
  );
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s{2,}/));
  expect(lines).toEqual([
    ['itemStates'],
    ...[false, true].flatMap((deleted) => [
      ['start date', expect.stringMatching(/^\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d$/)],
      ['type', 'message'],
      ['deleted', String(deleted)],
      [expect.stringMatching(`^blob path ${bench.host}/backup/items/../.{44}$`)],
    ]),
  ]);
  await ok('doUndelete', 'jane@example.com', 'first', 'last');
  expect(bench.subjects('jane@example.com')).toEqual(['one', 'two']);
  rmSync(inbox(), { recursive: true });
  rmSync(join(inbox(), '../cur'), { recursive: true });
  await ok('doItemRestore', 'jane@example.com', String(item));
  expect(bench.subjects('jane@example.com')).toHaveLength(1);
});

test('what was exported is restored on another host; its map is kept', async () => {
  await jane('one', 'two');
  await ok('doSmartScan', 'start');
  const exported = join(bench.dir, 'exported');
  await ok('doExport', exported);
  await ok('doCoherencyCheck', exported);
  expect((await sync('doExternalRestore', exported)).stdout).toContain('backup of this very server');
  const other = new CarbonioBench();
  try {
    await other.start({ host: 'other.stand-in.invalid' });
    await other.carbonio('--sync', 'backup', 'doSmartScan', 'start');
    expect((await other.carbonio('--sync', 'backup', 'doExternalRestore', exported)).code).toBe(0);
    expect(other.subjects('jane@example.com')).toEqual(['one', 'two']);
    const map = readdirSync(join(other.host, 'backup')).find((name) => name.startsWith('map_')) ?? '';
    const { stdout } = await other.carbonio('backup', 'getMap', join(other.host, 'backup', map));
    expect(stdout).toContain('jane@example.com');
    const refused = await other.carbonio(
      'config',
      'set',
      'server',
      'other.stand-in.invalid',
      'ZxBackup_DestPath',
      exported,
    );
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('another server')]);
  } finally {
    await other.remove();
  }
});

test('the Real Time Scanner stores what is delivered, and nothing while it is off; a scan makes up for it', async () => {
  await jane();
  await ok('doSmartScan', 'start');
  const items = (): number => {
    const store = BackupPath.open(join(bench.host, 'backup'));
    const dir = join(store.root, 'accounts', store.accountIds().ids[0] ?? '', 'items');
    return existsSync(dir) ? readdirSync(dir).length : 0;
  };
  expect(items()).toBe(0);
  await bench.deliver('jane@example.com', mail('one'));
  expect(items()).toBe(1);
  await bench.carbonio('config', 'set', 'server', SERVER, 'ZxBackup_RealTimeScanner', 'FALSE');
  await bench.deliver('jane@example.com', mail('two'));
  expect(items()).toBe(1);
  await ok('doSmartScan', 'start');
  expect(items()).toBe(2);
  // read, by a mail program: another state of the same item
  const [name = ''] = readdirSync(inbox());
  renameSync(join(inbox(), name), join(inbox(), '../cur', `${name}:2,S`));
  await ok('doSmartScan', 'start');
  expect(items()).toBe(2);
  const store = BackupPath.open(join(bench.host, 'backup'));
  const account = store.accountIds().ids[0] ?? '';
  const flags = [257, 258].map((id) => store.itemById(account, id).map((state) => state.flags));
  expect(flags.sort()).toEqual([['u'], ['u', '']]);
});

test('an account whose backup is off counts as deleted; schedules and services are kept', async () => {
  await jane('one');
  await ok('doSmartScan', 'start');
  expect((await bench.carbonio('config', 'set', 'cos', 'default', 'backupEnabled', 'false')).stdout).toBe(
    'ok\n',
  );
  const account = ['account', 'jane@example.com', 'backupEnabled'];
  expect((await bench.carbonio('config', 'get', ...account)).stdout).toMatch(/^ {8}value {55}false$/m);
  await ok('doSmartScan', 'start');
  expect(await bench.json('backup', 'getAccountInfo', 'jane@example.com')).toMatchObject({
    status: 'deleted',
  });
  const set = ['scheduler', 'SmartScan', 'set', 'server', 'enabled', 'false'];
  expect((await bench.carbonio('backup', ...set)).stdout).toBe('ok\n');
  await bench.up.restart();
  expect(await bench.json('backup', 'scheduler', 'SmartScan', 'get', 'server')).toEqual({
    scheduler: 'SmartScan',
    enabled: false,
    pattern: '0 4 * * *',
  });
  expect((await bench.carbonio('backup', 'doStopService', 'module')).code).toBe(0);
  expect((await bench.carbonio('backup', 'doSmartScan', 'start')).code).toBe(1);
  expect((await bench.carbonio('backup', 'getServices')).stdout).toMatch(/^ {16}could_not_start_because /m);
  expect((await bench.carbonio('backup', 'doStartService', 'module')).code).toBe(0);
  await ok('doPurge');
});

test('errors of use: what is missing, unknown or wrong is said, and nothing is queued', async () => {
  bench.store.writer.account(accountInfo('a1', 'joe@example.com'));
  const file = join(bench.dir, 'accounts');
  const listed = ['getAvailableAccounts', 'backup_path', bench.source, 'output_file', file];
  expect((await bench.carbonio('backup', ...listed)).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe('joe@example.com\n');
  const wrong: [string[], RegExp][] = [
    [['backup', 'doExternalRestore'], /^command doExternalRestore requires more parameters\n/],
    [['backup', 'doExternalRestore', bench.source, 'acounts', 'a'], /unknown parameter acounts/],
    [['backup', 'doExternalRestore', bench.source, 'filter_deleted', 'yes'], /true or false/],
    [['backup', 'doExternalRestore', join(bench.dir, 'missing')], /ENOENT/],
    [['backup', 'doExternalRestore', join(bench.host, 'backup')], /./],
    [['--host', 'nowhere', 'backup', 'getAllOperations'], /no such server/],
    [['backup', 'getItem', 'jane@example.com', '300'], /not initialized/],
    [['config', 'get', 'server', SERVER, 'NoSuchAttribute'], /no such attribute/],
    [['config', 'set', 'server', SERVER], /requires more parameters/],
    [['backup', 'noSuchCommand'], /Unknown command/],
  ];
  for (const [args, said] of wrong) {
    const { code, stdout } = await bench.carbonio(...args);
    expect([args, code, stdout]).toEqual([args, 1, expect.stringMatching(said)]);
  }
  expect(await bench.names()).toEqual([]);
  const broadcast = await bench.carbonio('--json', '--host', 'all_servers', 'core', 'getAllOperations');
  expect(JSON.parse(broadcast.stdout)).toEqual({
    response: { [SERVER]: { response: { operationList: [], realTimeScanOperations: 0 }, ok: true } },
    nested: true,
    ok: true,
  });
  // an unknown account is found out only by the operation
  const failed = await sync('doExternalRestore', bench.source, 'accounts', 'nobody@example.com');
  expect(failed.code).toBe(1);
  expect((await bench.texts()).at(-1)).toMatch(
    /Operation External Restore Failed\.[^]*no account nobody@example\.com/,
  );
  expect((await sync('doExternalRestore', bench.source, 'input_file', file)).code).toBe(0);
});

test('a scan that waited scans the path as it is when it starts: changes of the path do not queue', async () => {
  await jane('one');
  bench.up.setFaults([{ kind: 'hold', operation: 'AccountScan', at: 'end', milliseconds: 60_000, times: 1 }]);
  const { operationId } = await bench.json('backup', 'doAccountScan', 'jane@example.com');
  const waiting = sync('doSmartScan', 'start');
  await until(async () => (await bench.names()).length === 2);
  const wrong = join(bench.dir, 'wrong');
  await bench.carbonio('config', 'set', 'server', SERVER, 'ZxBackup_DestPath', wrong);
  expect(existsSync(wrong)).toBe(false);
  await bench.carbonio('backup', 'doStopOperation', operationId);
  expect((await waiting).code).toBe(0);
  expect(existsSync(join(wrong, 'backup.json'))).toBe(true);
});
