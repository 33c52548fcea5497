/** The scanner and the schedules of the stand-in, changed and put back. */
import { CarbonioCli } from '../../src/carbonio/cli';
import { parseCommand } from '../../src/carbonio/command-line';
import { Runner } from '../../src/carbonio/runner';
import {
  backupSettingsPort,
  pausedSchedule,
  SCANNER_KEY,
  SCHEDULE_KEYS,
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
  const port = backupSettingsPort(cli, server);
  const inherited = await port.read(SCANNER_KEY);
  expect(inherited).toEqual({ set: false });
  await port.write(SCANNER_KEY, { set: true, value: 'FALSE' });
  await port.prove();
  expect(await settingInForce(cli, server, SCANNER_KEY)).toBe('FALSE');
  await port.write(SCANNER_KEY, inherited);
  await port.prove();
  expect([await port.read(SCANNER_KEY), await settingInForce(cli, server, SCANNER_KEY)]).toEqual([
    inherited,
    'TRUE',
  ]);
});

test.each(SCHEDULE_KEYS)('%s is paused and comes back with its pattern', async (key) => {
  const port = backupSettingsPort(cli, server);
  const before = await settingInForce(cli, server, key);
  await port.write(key, { set: true, value: pausedSchedule(before) });
  const during = JSON.parse(await settingInForce(cli, server, key)) as Record<string, unknown>;
  expect(during).toEqual({ ...(JSON.parse(before) as object), 'cron-enabled': false });
  await port.write(key, { set: false });
  await port.prove();
  expect(await settingInForce(cli, server, key)).toBe(before);
});

test('somebody else changed it: not proved; what is no schedule is not paused', async () => {
  const port = backupSettingsPort(cli, server);
  await port.write(SCANNER_KEY, { set: true, value: 'FALSE' });
  await bench.carbonio('config', 'set', 'server', server, SCANNER_KEY, 'TRUE');
  await expect(port.prove()).rejects.toMatchObject({ type: 'UnknownOutput' });
  expect(() => pausedSchedule('every day')).toThrow(/schedule/);
});
