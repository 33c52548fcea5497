/** The scanner and the schedules of the stand-in, changed and put back. */
import { CarbonioCli } from '../../src/carbonio/cli';
import { parseCommand } from '../../src/carbonio/command-line';
import { Runner } from '../../src/carbonio/runner';
import {
  backupSettingsPort,
  pausedSchedule,
  SCANNER_KEY,
  SCHEDULE_KEYS,
  scannerOff,
  serverKey,
  settingInForce,
} from '../../src/overrides/backup-settings-port';
import { CarbonioBench } from '../embedded/carbonio-kit';

let bench: CarbonioBench;
let cli: CarbonioCli;
let server: string;
beforeAll(async () => {
  bench = new CarbonioBench();
  const { env, settings } = await bench.start();
  const quiet = { debug: () => undefined, warn: () => undefined };
  const command = parseCommand(env['LIFEBOAT_CARBONIO_COMMAND'] ?? '');
  cli = new CarbonioCli(new Runner({ log: quiet, user: '' }), { command, timeoutMs: 30_000 });
  server = settings.host;
});
afterAll(() => bench.remove());

test('what was inherited is inherited again, what was set is set again', async () => {
  const port = backupSettingsPort(cli);
  const key = serverKey(server, SCANNER_KEY);
  const inherited = await port.read(key);
  expect(inherited).toEqual({ set: false });
  await port.write(key, { set: true, value: 'FALSE' });
  await port.prove();
  expect(await settingInForce(cli, server, SCANNER_KEY)).toBe('FALSE');
  await port.write(key, inherited);
  await port.prove();
  expect([await port.read(key), await settingInForce(cli, server, SCANNER_KEY)]).toEqual([inherited, 'TRUE']);
});

test.each(SCHEDULE_KEYS)('%s is paused and comes back with its pattern', async (attribute) => {
  const port = backupSettingsPort(cli);
  const key = serverKey(server, attribute);
  const before = await settingInForce(cli, server, attribute);
  const paused = pausedSchedule(before) ?? '';
  await port.write(key, { set: true, value: paused });
  const during = JSON.parse(await settingInForce(cli, server, attribute)) as Record<string, unknown>;
  expect(during).toEqual({ ...(JSON.parse(before) as object), 'cron-enabled': false });
  // one that is off is not paused
  expect(pausedSchedule(paused)).toBeNull();
  await port.write(key, { set: false });
  await port.prove();
  expect(await settingInForce(cli, server, attribute)).toBe(before);
});

test('another spelling of a value is no other value', async () => {
  const port = backupSettingsPort(cli);
  await bench.carbonio('config', 'set', 'server', server, SCANNER_KEY, 'false');
  expect(await port.read(serverKey(server, SCANNER_KEY))).toEqual({ set: true, value: 'FALSE' });
  const pattern = '{ "cron-pattern" : "1 2 * * *", "cron-enabled" : true }';
  await bench.carbonio('config', 'set', 'server', server, SCHEDULE_KEYS[0], pattern);
  const value = '{"cron-enabled":true,"cron-pattern":"1 2 * * *"}';
  expect(await port.read(serverKey(server, SCHEDULE_KEYS[0]))).toEqual({ set: true, value });
});

test('somebody else changed it: not proved; what is no switch, no schedule, no key is refused', async () => {
  const port = backupSettingsPort(cli);
  await port.write(serverKey(server, SCANNER_KEY), { set: true, value: 'FALSE' });
  await bench.carbonio('config', 'set', 'server', server, SCANNER_KEY, 'TRUE');
  await expect(port.prove()).rejects.toMatchObject({ type: 'UnknownOutput' });
  expect(() => pausedSchedule('every day')).toThrow(/schedule/);
  expect(() => scannerOff('perhaps')).toThrow(/Scanner/);
  expect([scannerOff('true'), scannerOff('FALSE')]).toEqual(['FALSE', null]);
  await expect(port.read(SCANNER_KEY)).rejects.toMatchObject({ type: 'JournalDamaged' });
});
