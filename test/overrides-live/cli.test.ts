/** The commands: `lifeboat validator`, `lifeboat overrides`. */
import { start, type Ended } from '../client/cli';
import { BUILT_BUNDLE, LIMIT, OverrideBench, VALIDATE } from './bench';

let bench: OverrideBench;
beforeEach(async () => {
  bench = await new OverrideBench(BUILT_BUNDLE).open();
});
afterEach(() => bench.close());

/** @param address of the server; by default one that is not there */
const lifeboat = (args: string[], address = '127.0.0.1:1'): Promise<Ended> =>
  start(args, {
    ...bench.env,
    LIFEBOAT_STATE_DIR: bench.temporal.stateDir,
    LIFEBOAT_TASK_QUEUE: bench.temporal.taskQueue,
    TEMPORAL_ADDRESS: address,
  }).ended;

test('status and probe: what is written, and what the running server does', async () => {
  const status = await lifeboat(['validator', 'status', '--json']);
  expect(JSON.parse(status.stdout)).toEqual({
    written: { [VALIDATE]: null, [LIMIT]: null },
    validates: true,
    limit: 10_240,
  });
  expect((await lifeboat(['validator', 'probe'])).stdout).toContain('does what is written');
  await bench.carbonio.zmlocalconfig('-e', `${LIMIT}=20000`);
  const probe = await lifeboat(['validator', 'probe', '--json']);
  expect(probe.code).toBe(1);
  expect(JSON.parse(probe.stdout)).toMatchObject({ error: { type: 'OverrideNotProved' } });
  await bench.reload();
  expect((await lifeboat(['validator', 'probe'])).code).toBe(0);
  expect((await lifeboat(['overrides', 'list', '--json'])).stdout.replace(/\s/g, '')).toBe(
    '{"overrides":[]}',
  );
});

test('a command inside the change: its exit code, and the value is back; wrong uses change nothing', async () => {
  await bench.worker();
  const inside = `process.exit(require('node:fs').readFileSync(process.argv[1], 'utf8').includes('${LIMIT}') ? 7 : 1)`;
  const file = bench.env['LIFEBOAT_LOCALCONFIG_FILE'] ?? '';
  const ended = await lifeboat(
    ['validator', 'with-override', '--line-limit', '20000', '--', process.execPath, '-e', inside, file],
    bench.temporal.address,
  );
  expect(ended.stderr).toContain(`${LIMIT} is not set again.`);
  expect(ended.code).toBe(7);
  await bench.settled();
  expect(bench.written(LIMIT)).toBeUndefined();
  for (const wrong of [[], ['--disable'], ['--disable', '--accept-risk', '--line-limit', '20000']]) {
    const refused = await lifeboat(
      ['validator', 'with-override', ...wrong, '--', 'true'],
      bench.temporal.address,
    );
    expect(refused.code).toBe(2);
  }
});

test('put back by a person while neither server nor worker is there', async () => {
  const worker = await bench.worker();
  const handle = await bench.start('a', { disable: true, acceptRisk: true });
  await bench.changed(handle);
  await worker.kill();
  expect(bench.written(VALIDATE)).toBe('false');
  const listed = await lifeboat(['overrides', 'list', '--json']);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    overrides: [{ slot: 'lmtp-validator', key: VALIDATE, original: null, wanted: 'false', state: 'applied' }],
  });
  expect((await lifeboat(['overrides', 'revert'])).code).toBe(2);
  const reverted = await lifeboat(['overrides', 'revert', '--all']);
  expect(reverted.stderr).toContain(`${VALIDATE} is not set again.`);
  expect(reverted.code).toBe(0);
  expect(bench.written(VALIDATE)).toBeUndefined();
  expect(await bench.takes(10_241)).toBe(false);
  expect((await lifeboat(['overrides', 'list'])).stdout).toContain('Nothing is changed on this host.');
  await handle.terminate();
});
