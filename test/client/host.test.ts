/** `lifeboat host`, and the queue of the mail host in `lifeboat queue`. */
import { EngineBench } from '../workflows/carbonio-bench';
import { until } from '../embedded/carbonio-kit';
import { run, type Ended } from './cli';

jest.setTimeout(60_000);
let bench: EngineBench;
let env: Record<string, string>;
beforeAll(async () => {
  bench = await new EngineBench().open();
  env = {
    ...bench.up.env,
    TEMPORAL_ADDRESS: process.env['LIFEBOAT_TEST_ADDRESS'] ?? '',
    LIFEBOAT_TASK_QUEUE: bench.taskQueue,
    LIFEBOAT_HOST: bench.taskQueue,
    LIFEBOAT_STATE_DIR: bench.state,
    LIFEBOAT_LOCK_DIR: `${bench.state}.locks`,
  };
});
afterAll(() => bench.close());
const lifeboat = (...args: string[]): Promise<Ended> => run(args, env, bench.dir);

test('an operation is started, shown in both queues, and told at its end', async () => {
  bench.up.setFaults([{ kind: 'hold', operation: 'SmartScan', at: 'start', milliseconds: 4_000, times: 1 }]);
  const scan = lifeboat('host', 'smart-scan', 'deep=true');
  const [id = ''] = await until(async () => (await bench.names())[0]);
  const shown = await lifeboat('queue');
  expect(shown.stdout).toMatch(/running +SmartScan/);
  expect(shown.stdout).toMatch(new RegExp(`On the mail host itself:\n  started +SmartScan +${id}`));
  const listed = JSON.parse((await lifeboat('queue', '--json')).stdout) as {
    onMailHost: { operations: { id: string }[] };
  };
  expect(listed.onMailHost.operations.map((one) => one.id)).toEqual([id]);
  const { code, stdout } = await scan;
  expect(stdout).toMatch(/^SmartScan done\.\n {2}new accounts: 0\n/);
  expect(code).toBe(0);
});

test('wrong input is told before anything is started', async () => {
  const wrong = await lifeboat('host', 'undelete', 'startDate=yesterday');
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(/account: .*startDate: must be dd\/MM/),
  ]);
  expect((await lifeboat('host', 'dance')).code).toBe(2);
  expect((await lifeboat('host', 'purge', '30')).code).toBe(2);
});

test('a mail host that does not answer hides nothing of the own queue', async () => {
  const { code, stdout } = await run(
    ['queue'],
    { ...env, LIFEBOAT_CARBONIO_COMMAND: '/no/such/carbonio' },
    bench.dir,
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/The queue of the mail host itself could not be read: .*\/no\/such\/carbonio/);
});
