import { userInfo } from 'node:os';
import { doStopAllOperations } from '../../src/carbonio/cli/operations';
import { openCarbonioHost } from '../../src/carbonio/host';
import { loadConfig } from '../../src/config';
import { failure, folder, keepingLog, script } from './kit';

test('the configuration says what is run, and without an administrator there is no SOAP', async () => {
  const { program, leading } = script(
    `process.stdout.write(args.at(-1) === 'doStopAllOperations' ? 'ok' : 'no')`,
  );
  const env = {
    LIFEBOAT_CARBONIO_COMMAND: [program, ...leading].join(' '),
    LIFEBOAT_ZMLOCALCONFIG_COMMAND: '/no/such/zmlocalconfig',
    LIFEBOAT_CARBONIO_USER: userInfo().username,
    LIFEBOAT_LOCK_DIR: folder(),
    LIFEBOAT_LMTP_ADDRESS: '127.0.0.1:1',
  };
  const { carbonio, host, lockDir } = loadConfig({ ...env, LIFEBOAT_PROBE_RECIPIENT: 'a@b.cc' });
  const log = keepingLog();
  const opened = openCarbonioHost(carbonio, { host, lockDir }, log);
  await doStopAllOperations(opened.cli);
  expect(opened.admin).toBeNull();
  expect((await failure(opened.localConfig.product())).type).toBe('CommandMissing');
  expect((await failure(opened.probe(10_241))).type).toBe('HostUnavailable');
  const nobody = openCarbonioHost(loadConfig(env).carbonio, { host, lockDir }, log);
  expect((await failure(nobody.probe(10_241))).message).toContain('LIFEBOAT_PROBE_RECIPIENT');
  expect(log.lines.map(({ message }) => message)).toContain('ran');
});
