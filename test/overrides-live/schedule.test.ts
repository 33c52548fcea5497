/** The watchdog as a Schedule puts back what its operation and its guard no longer can. */
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { start, type Ended } from '../client/cli';
import { makeBundle } from '../queue/bench';
import { OverrideBench, VALIDATE } from './bench';

let bundle: string;
let bench: OverrideBench;
beforeAll(async () => {
  bundle = await makeBundle();
});
afterAll(() => rmSync(dirname(bundle), { recursive: true, force: true }));
beforeEach(async () => {
  bench = await new OverrideBench(bundle).open();
});
afterEach(async () => {
  await bench.temporal.client.schedule.getHandle(`lifeboat/${bench.temporal.host}/watchdog`).delete();
  await bench.close();
});

const lifeboat = (...args: string[]): Promise<Ended> =>
  start(args, {
    ...bench.env,
    LIFEBOAT_STATE_DIR: bench.temporal.stateDir,
    LIFEBOAT_HOST: bench.temporal.host,
    LIFEBOAT_TASK_QUEUE: bench.temporal.taskQueue,
    TEMPORAL_ADDRESS: bench.temporal.address,
  }).ended;

interface Reverted {
  overrides: { slot: string; outcome: string }[];
}

/** Changed, and nobody left who would put it back. */
async function orphan(name: string): Promise<void> {
  const handle = await bench.start(name, { disable: true, acceptRisk: true });
  await bench.changed(handle);
  expect(bench.written(VALIDATE)).toBe('false');
  await (await bench.guardOf(handle)).terminate();
  await handle.terminate();
}

test('an orphaned override is put back by the schedule', async () => {
  const { temporal } = bench;
  const file = join(temporal.folder, 'schedules.yaml');
  writeFileSync(file, 'schedules: { watchdog: { workflow: overrideWatchdog, every: 1s } }\n');
  await bench.has(VALIDATE, 'true');
  await bench.worker();
  const { code, stderr } = await lifeboat('schedules', 'apply', file);
  expect([code, stderr]).toEqual([0, 'Done.\n']);
  const schedule = temporal.client.schedule.getHandle(`lifeboat/${temporal.host}/watchdog`);

  let by: string | undefined;
  // the worker looks by itself each minute, and may come first: then the next one is the schedule's
  for (let tries = 0; by === undefined && tries < 5; tries++) {
    await orphan(`orphan-${tries}`);
    await bench.settled();
    const { info } = await schedule.describe();
    for (const { action } of info.recentActions) {
      const run = temporal.client.workflow.getHandle(action.workflow.workflowId);
      const { overrides } = (await run.result()) as Reverted;
      if (overrides.some(({ slot, outcome }) => slot === 'lmtp-validator' && outcome === 'reverted'))
        by = action.workflow.workflowId;
    }
    expect(bench.written(VALIDATE)).toBe('true');
    expect(await bench.takes(10_241)).toBe(false);
  }
  expect(by).toMatch(new RegExp(`^override-watchdog/${temporal.host}/watchdog-`));
});
