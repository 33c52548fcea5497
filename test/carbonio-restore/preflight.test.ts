/** What is looked at on the mail host before a restore, against the stand-in: each check, its remedy, its bad day. */
import { CarbonioCli } from '../../src/carbonio/cli';
import { parseCommand } from '../../src/carbonio/command-line';
import { Runner } from '../../src/carbonio/runner';
import { afterwards } from '../../src/carbonio-restore/afterwards';
import { mailServerName } from '../../src/carbonio-restore/mailstores';
import { pausesOf } from '../../src/carbonio-restore/pauses';
import { preflightOf } from '../../src/carbonio-restore/preflight';
import { quotasAfter, quotasOf } from '../../src/carbonio-restore/quotas';
import type { SurveyRow } from '../../src/carbonio-restore/survey';
import { externalRestoreInput, type ExternalRestoreRequest } from '../../src/contracts/external-restore';
import { Problem } from '../../src/failures';
import { CarbonioBench, until } from '../embedded/carbonio-kit';
import { accountInfo } from '../restore/store';

let bench: CarbonioBench;
let env: { cli: CarbonioCli; signal: AbortSignal; server: string };
beforeAll(async () => {
  bench = new CarbonioBench();
  const { env: variables, settings } = await bench.start();
  const quiet = { debug: () => undefined, warn: () => undefined };
  const command = parseCommand(variables['LIFEBOAT_CARBONIO_COMMAND'] ?? '');
  const cli = new CarbonioCli(new Runner({ log: quiet, user: '' }), { command, timeoutMs: 30_000 });
  env = { cli, signal: new AbortController().signal, server: settings.host };
});
afterAll(() => bench.remove());
beforeEach(() => bench.up.setFaults([]));

const row = (name: string, change: Partial<SurveyRow> = {}): SurveyRow => ({
  ...{ id: name, name, excluded: null, defect: null, counters: null, status: 'active', quota: null },
  ...change,
});
const input = (change: Partial<ExternalRestoreRequest> = {}) =>
  externalRestoreInput.parse({ sourcePath: '/mnt/old', ...change });
const notes = async (rows: SurveyRow[], change: Partial<ExternalRestoreRequest> = {}): Promise<string> =>
  (await preflightOf(env, rows, input(change))).join('\n');
const refusal = async (body: Promise<unknown>): Promise<Problem> => {
  const error: unknown = await body.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
};

test('the own Backup Path: told until it is initialised', async () => {
  expect(await notes([row('a@x.example')])).toMatch(/not to be initialised.*doSmartScan start/s);
  await bench.carbonio('--sync', 'backup', 'doSmartScan', 'start');
  expect(await notes([row('a@x.example')])).toBe('');
});

test('the level of notifications: refused, forced only told, told when it cannot be read', async () => {
  await bench.carbonio('config', 'set', 'global', 'ZxCore_NotificationLevel', 'Warning');
  const { type, message } = await refusal(notes([row('a@x.example')]));
  expect([type, message]).toEqual(['HostNotReady', expect.stringMatching(/Set .* to Information/)]);
  expect(await notes([row('a@x.example')], { forceAsExternalRestore: true })).toContain('is Warning');
  await bench.carbonio('config', 'set', 'global', 'ZxCore_NotificationLevel', 'Debug');
  expect(await notes([row('a@x.example')])).toBe('');
  bench.up.setFaults([{ kind: 'garble', command: 'config get', text: 'no\n' }]);
  expect(await notes([row('a@x.example')])).toMatch(/could not be read.*no end report/s);
});

test('accounts that are closed, locked or in maintenance are named', async () => {
  const rows = ['closed', 'locked', 'maintenance', 'active'].map((status) =>
    row(`${status}@x.example`, { status }),
  );
  const told = await notes(rows);
  expect(told).toContain(
    'closed@x.example (closed), locked@x.example (locked), maintenance@x.example (maintenance).',
  );
  expect(told).toContain('zimbraAccountStatus active');
});

test('the default domain of the mail host among those imported', async () => {
  await bench.carbonio('prov', 'mcf', 'zimbraDefaultDomainName', 'X.example');
  expect(await notes([row('a@y.example'), row('a@x.example')])).toMatch(
    /imported domain x.example is the default domain.*modifyConfig/s,
  );
  expect(await notes([row('a@y.example')])).toBe('');
  bench.up.setFaults([
    { kind: 'exit', command: 'prov getConfig', code: 1 },
    { kind: 'garble', command: 'prov getConfig', text: 'no\n' },
  ]);
  expect(await notes([row('a@y.example')])).toMatch(/could not be read/);
});

test('accounts of another mail server are refused, and told when forced', async () => {
  await bench.carbonio('prov', 'ca', 'here@z.example', 'x');
  expect(await notes([row('here@z.example')])).toBe('');
  await bench.carbonio('prov', 'ca', 'there@z.example', 'x', 'zimbraMailHost', 'mail2.example.com');
  const rows = [row('here@z.example'), row('there@z.example'), row('new@z.example')];
  const { type, message } = await refusal(notes(rows));
  expect(type).toBe('HostNotReady');
  expect(message).toContain('there@z.example (on mail2.example.com)');
  expect(message).not.toContain(' here@z.example (on');
  expect(message).toMatch(/by the worker of that server/);
  expect(await notes(rows, { forceAsExternalRestore: true })).toContain('there@z.example (on mail2');
  expect(await notes([row('here@z.example')])).toContain('more mail servers than');
  bench.up.setFaults([
    { kind: 'exit', command: 'prov getAllServers', code: 1 },
    { kind: 'garble', command: 'prov getAllServers', text: 'no\n' },
  ]);
  expect(await notes(rows)).toMatch(/could not be found out/);
  await bench.carbonio('prov', 'da', 'there@z.example');
});

test('what the mail server calls itself, or what the worker does', async () => {
  const named = { read: async () => ({ set: true as const, value: 'mail.x.example' }) };
  expect(await mailServerName(named, 'host')).toBe('mail.x.example');
  const missing = { read: () => Promise.reject(new Problem('LocalConfigUnusable', 'no file')) };
  expect(await mailServerName(missing, 'host')).toBe('host');
});

test('quotas: as before nothing is told; left lifted by an operation that was stopped, it is', async () => {
  await bench.carbonio('prov', 'ca', 'q@z.example', 'x', 'zimbraMailQuota', '5000000');
  const rows = [row('q@z.example'), row('new@z.example', { quota: '7' })];
  const quotas = await quotasOf(env, rows);
  expect(quotas).toEqual({ 'q@z.example': '5000000', 'new@z.example': '7' });
  const accounts: never[] = [];
  expect(await quotasAfter(env, { quotas, accounts })).toEqual([]);
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`a${n}@z.example`, '1']));
  expect((await quotasAfter(env, { quotas: many, accounts })).join()).toContain('were not compared');
  const { writer } = bench.store;
  writer.account(accountInfo('q1', 'q@z.example', { attributes: { zimbraMailQuota: '5000000' } }));
  bench.up.setFaults([
    { kind: 'hold', operation: 'ExternalRestore', at: 'phase1', milliseconds: 60_000, times: 1 },
  ]);
  const id = await bench.restore();
  await until(async () => (await bench.texts()).some((text) => text.includes('PHASE 1')));
  await bench.carbonio('backup', 'doStopOperation', id);
  await until(async () => (await bench.names()).length === 0);
  expect((await quotasAfter(env, { quotas, accounts })).join()).toMatch(
    /q@z.example \(5000000 before, none now\).*modifyAccount/s,
  );
});

test('what is left to do afterwards, as commands', async () => {
  const said = (await afterwards(env, env.server, 'the-source', [row('a@x.example')])).join('\n');
  expect(said).toContain(`carbonio backup doFixShares ${bench.up.places.backup}/map_the-source`);
  expect(said).toContain('carbonio backup doCheckShares start');
  expect(said).toContain('GalSync accounts: none');
  expect(said).toContain('carbonio powerstore doDeduplicate');
  const galSync = row('galsync.x1@x.example');
  expect((await afterwards(env, env.server, null, [galSync])).join('\n')).toMatch(
    /deleteAccount ADDRESS`\): galsync.x1@x.example/,
  );
});

describe('scanner and schedules', () => {
  const two = [row('a@x.example'), row('a@y.example')];
  const pauses = async (rows: SurveyRow[], carbonio: ExternalRestoreRequest['carbonio'] = {}) => {
    const found = await pausesOf(env, env.server, rows, input({ carbonio }).carbonio);
    return { slots: found.pauses.map(({ slot }) => slot), notes: found.notes.join('\n'), all: found.pauses };
  };
  const SCHEDULES = ['smartscan-schedule', 'purge-schedule'];

  test('the scanner for several domains, the schedules always; what is off already is left alone', async () => {
    expect(await pauses(two)).toMatchObject({ slots: ['real-time-scanner', ...SCHEDULES] });
    expect((await pauses(two)).notes).toContain('doSmartScan start');
    expect(await pauses(two.slice(1))).toMatchObject({ slots: SCHEDULES, notes: '' });
    expect((await pauses(two.slice(1), { pauseScanner: 'always' })).slots).toHaveLength(3);
    const [first] = (await pauses(two, { pauseDeadlineSeconds: 60 })).all;
    expect(first).toMatchObject({
      deadlineSeconds: 60,
      optional: true,
      wanted: { set: true, value: 'FALSE' },
    });
    await bench.carbonio('config', 'set', 'global', 'ZxBackup_RealTimeScanner', 'false');
    expect((await pauses(two)).slots).toEqual(SCHEDULES);
    await bench.carbonio('config', 'unset', 'global', 'ZxBackup_RealTimeScanner');
  });

  test('never: nothing, and it is told', async () => {
    const never = await pauses(two, { pauseScanner: 'never', pauseSchedules: 'never' });
    expect(never.slots).toEqual([]);
    expect(never.notes).toMatch(/Scanner stays on.*SmartScan stays on.*purge stays on/s);
  });

  test('what cannot be read: auto only says so, always refuses', async () => {
    bench.up.setFaults([{ kind: 'garble', command: 'config get', text: 'java.lang.Exception\n' }]);
    const auto = await pauses(two);
    expect(auto.slots).toEqual([]);
    expect(auto.notes).toMatch(/Real Time Scanner .* could not be looked at.*Switch it off yourself/s);
    const { type, message } = await refusal(pauses(two, { pauseSchedules: 'always' }));
    expect([type, message]).toEqual(['HostNotReady', expect.stringContaining('backupSmartScanScheduler')]);
  });
});
