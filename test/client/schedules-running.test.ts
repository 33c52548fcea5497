/** What schedules start, with a real server, a real worker and real rsync: one at a time, and what a failure does. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { connect, sleep, spawnWorker, type TestWorker } from '../e2e/harness';
import { describeRsync, Offsite } from '../offsite/kit';
import { run, type Ended } from './cli';

const address = process.env.LIFEBOAT_TEST_ADDRESS as string;

let client: Client;
let ground: Offsite;
let host: string;
let workers: TestWorker[];
beforeAll(async () => {
  client = await connect(address);
});
afterAll(() => client.connection.close());
beforeEach(() => {
  ground = new Offsite().fill(1, 10);
  host = `schedules-${Math.random().toString(36).slice(2)}`;
  workers = [];
});
afterEach(async () => {
  for await (const { scheduleId } of client.schedule.list())
    if (scheduleId.startsWith(`lifeboat/${host}/`)) await client.schedule.getHandle(scheduleId).delete();
  for (const worker of workers) await worker.kill();
  await ground.clean();
});

const lifeboat = (...args: string[]): Promise<Ended> =>
  run(
    args,
    {
      TEMPORAL_ADDRESS: address,
      LIFEBOAT_HOST: host,
      LIFEBOAT_TASK_QUEUE: host,
      LIFEBOAT_STATE_DIR: ground.stateDir,
    },
    ground.dir,
  );
const startWorker = (): void => {
  workers.push(spawnWorker({ address, stateDir: ground.stateDir, taskQueue: host }));
};

async function apply(schedules: Record<string, object>): Promise<void> {
  writeFileSync(join(ground.dir, 'lifeboat.schedules.yaml'), JSON.stringify({ schedules }));
  const { code, stderr } = await lifeboat('schedules', 'apply');
  expect([code, stderr]).toEqual([0, expect.stringContaining('Done.')]);
}

const describeSchedule = (name: string) => client.schedule.getHandle(`lifeboat/${host}/${name}`).describe();

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (await what()) return;
    await sleep(50);
  }
  throw new Error('it did not come to that');
}

interface Listed {
  name: string;
  paused: string | null;
  last: { operationId: string; end: string } | null;
  started: number;
  skippedOverlap: number;
}
async function listed(): Promise<Listed[]> {
  const { stdout } = await lifeboat('schedules', 'list', '--json');
  return (JSON.parse(stdout) as { schedules: Listed[] }).schedules;
}

test('while one still runs the next is left out; once it has ended they come again', async () => {
  await apply({ often: { workflow: 'overrideWatchdog', every: '1s' } });
  // nobody works yet: the first one runs until a worker comes
  await until(async () => (await describeSchedule('often')).info.numActionsSkippedOverlap >= 2);
  const { info } = await describeSchedule('often');
  expect([info.numActionsTaken, info.runningActions.length]).toEqual([1, 1]);
  const running = info.runningActions[0]?.workflow.workflowId ?? '';
  expect(running).toMatch(new RegExp(`^override-watchdog/${host}/often-\\d{4}-\\d\\d-\\d\\dT[\\d:]+Z$`));
  const busy = await lifeboat('schedules', 'trigger', 'often', '--json');
  expect([busy.code, JSON.parse(busy.stdout)]).toMatchObject([
    1,
    { error: { type: 'ScheduleBusy', message: expect.stringContaining(`${running} still runs`) } },
  ]);
  expect((await lifeboat('schedules', 'list')).stdout).toMatch(
    /last: .*, running {2}override-watchdog.*\n {2}\d+ left out because the one before still ran/,
  );

  startWorker();
  await until(async () => (await describeSchedule('often')).info.numActionsTaken >= 3);
  expect(await client.workflow.getHandle(running).result()).toEqual({ overrides: [] });
  const status = await lifeboat('status', running);
  expect([status.code, status.stderr]).toEqual([0, '']);
  expect(status.stdout).toContain(running);
});

describeRsync('syncs', () => {
  const sync = (more: object): object => ({
    workflow: 'offsiteSync',
    cron: '0 4 1 1 *',
    input: { sourcePath: ground.source, destination: ground.copy, ...more },
  });

  test('a deleting sync that fails is paused until a person resumes it, and apply leaves it so', async () => {
    startWorker();
    await apply({
      weekly: sync({ delete: 'now', maxDeletions: { percent: 100 } }),
      nightly: sync({}),
    });
    const first = await lifeboat('schedules', 'trigger', 'nightly');
    const operationId = first.stdout.trim();
    expect([first.code, operationId]).toEqual([0, expect.stringContaining(`offsite-sync/${host}/nightly-`)]);
    expect(await client.workflow.getHandle(operationId).result()).toMatchObject({
      status: 'synced',
      operationId,
    });

    // the volume of the Backup Path is not mounted
    renameSync(ground.source, `${ground.source}.away`);
    mkdirSync(ground.source);
    for (const name of ['nightly', 'weekly']) {
      const { stdout } = await lifeboat('schedules', 'trigger', name);
      await expect(client.workflow.getHandle(stdout.trim()).result()).rejects.toThrow();
    }
    await until(async () => (await describeSchedule('weekly')).state.paused);
    expect((await describeSchedule('nightly')).state.paused).toBe(false);
    await until(async () => (await listed()).length === 2);
    const [nightly, weekly] = await listed();
    expect(nightly).toMatchObject({ paused: null, last: { end: expect.stringMatching(/^failed: /) } });
    expect(weekly).toMatchObject({
      paused: expect.stringContaining('paused due to workflow failure'),
      last: { end: expect.stringMatching(/^failed: .*(empty|backup\.json)/i) },
    });
    const again = await lifeboat('schedules', 'apply');
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('resume weekly')]);
    expect((await describeSchedule('weekly')).state.paused).toBe(true);

    // mended; a paused one can be tried before it is resumed
    rmSync(ground.source, { recursive: true });
    renameSync(`${ground.source}.away`, ground.source);
    rmSync(join(ground.source, 'accounts/a1/items'), { recursive: true });
    const tried = (await lifeboat('schedules', 'trigger', 'weekly')).stdout.trim();
    expect(await client.workflow.getHandle(tried).result()).toMatchObject({ status: 'synced', deleted: 21 });
    expect(ground.differences()).toEqual([]);
    expect((await lifeboat('schedules', 'resume', 'weekly', '--reason', 'mounted again')).code).toBe(0);
    expect((await listed())[1]).toMatchObject({ paused: null, last: { operationId: tried, end: 'synced' } });

    // one that is cancelled has not failed; nobody works, so it still runs when it is cancelled
    await workers[0]?.kill();
    const cancelled = (await lifeboat('schedules', 'trigger', 'weekly')).stdout.trim();
    expect((await lifeboat('cancel', cancelled)).code).toBe(0);
    startWorker();
    await expect(client.workflow.getHandle(cancelled).result()).rejects.toThrow();
    await until(async () => (await describeSchedule('weekly')).info.runningActions.length === 0);
    expect((await listed())[1]).toMatchObject({ paused: null, last: { end: 'cancelled' } });
  });
});
