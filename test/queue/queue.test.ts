/** The operation queue on a real server, with real workers: whatever happens to whom, one works at a time, in order. */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ApplicationFailure } from '@temporalio/common';
import { sleep } from '../e2e/harness';
import { makeBundle, QueueBench, type HostWorker } from './bench';
import type { runbook } from './workflows';

let bundle: string;
let bench: QueueBench;
let worker: HostWorker;
beforeAll(async () => {
  bundle = await makeBundle();
});
afterAll(() => rmSync(dirname(bundle), { recursive: true, force: true }));
beforeEach(async () => {
  bench = await new QueueBench(bundle).open();
  worker = await bench.worker();
});
afterEach(async () => bench.close());

const WORK = { ms: 60 };
const THREE = { b: WORK, c: WORK, d: WORK };

/** One works, three wait. */
async function oneAndThree(): Promise<void> {
  await bench.line({ a: bench.held('a'), ...THREE });
  await bench.until('a works', () => bench.works('a'));
}

/** Nothing is stuck, lost, out of order or at the same time. */
async function expectOrder(...groups: string[]): Promise<void> {
  for (const id of groups) {
    const ended = async (): Promise<boolean> => (await bench.handle(id).describe()).status.name !== 'RUNNING';
    await bench.until(`${id} has ended`, ended);
  }
  await bench.idle();
  expect(bench.groups()).toEqual(groups);
  await bench.replay();
}

const status = async (id: string): Promise<string> => (await bench.handle(id).describe()).status.name;

test('the one that has the turn completes', async () => {
  await oneAndThree();
  expect(await bench.shown()).toBe('a running, b queued, c queued, d queued');
  bench.letGo('a');
  await expectOrder('a', 'b', 'c', 'd');
});

test('... fails', async () => {
  await bench.line({ a: bench.held('a', { fail: true }), ...THREE });
  bench.letGo('a');
  await expectOrder('a', 'b', 'c', 'd');
  expect(await status('a')).toBe('FAILED');
});

test('... is cancelled', async () => {
  await oneAndThree();
  await bench.handle('a').cancel();
  await expectOrder('a', 'b', 'c', 'd');
  expect(await status('a')).toBe('CANCELLED');
});

test('... is terminated: its step is let to its end before the next one works', async () => {
  await oneAndThree();
  await bench.handle('a').terminate();
  await expectOrder('a', 'b', 'c', 'd');
});

test('... times out', async () => {
  await bench.start('a', { ms: 60_000 }, { workflowRunTimeout: '12 seconds' });
  await bench.until('a works', () => bench.works('a'));
  await bench.line(THREE);
  expect(await bench.shown()).toBe('a running, b queued, c queued, d queued');
  await expectOrder('a', 'b', 'c', 'd');
  expect(await status('a')).toBe('TIMED_OUT');
});

test('... is reset, before and after it had the turn', async () => {
  await oneAndThree();
  // the first workflow task: it asks for the turn again, which it has
  await bench.reset(bench.idOf('a'), 4);
  await bench.until('a works again', () => bench.lines().filter(({ what }) => what === 'start').length > 1);
  const { history } = await bench.client.workflow.workflowService.getWorkflowExecutionHistory({
    namespace: 'default',
    execution: { workflowId: bench.idOf('a') },
  });
  const last = history?.events?.filter((event) => event.workflowTaskCompletedEventAttributes).at(-1);
  await bench.reset(bench.idOf('a'), Number(last?.eventId));
  bench.letGo('a');
  await expectOrder('a', 'b', 'c', 'd');
  expect(await status('a')).toBe('COMPLETED');
});

test('... continues as new, and keeps the turn', async () => {
  await bench.line({ a: { ms: 400, steps: 4, renew: true }, ...THREE });
  await expectOrder('a', 'b', 'c', 'd');
});

test('one that waits is cancelled, another one terminated', async () => {
  await oneAndThree();
  await bench.handle('b').cancel();
  await bench.until('b has left', async () => (await bench.shown()) === 'a running, c queued, d queued');
  await bench.handle('c').terminate();
  bench.letGo('a');
  await expectOrder('a', 'd');
  expect(await status('d')).toBe('COMPLETED');
});

test('the queue is terminated: everybody comes back with the old place, and the one at work keeps the turn', async () => {
  await oneAndThree();
  await bench.queue().terminate();
  await bench.start('late', WORK);
  const isBack = async (): Promise<boolean> =>
    (await bench.operations().catch(() => [])).filter(({ state }) => state === 'queued').length === 4;
  await bench.until('all are back', isBack);
  bench.letGo('a');
  await expectOrder('a', 'b', 'c', 'd', 'late');
});

test('the queue is terminated while nobody has come back and the turn is free', async () => {
  // they have a moment in which nobody looks
  await worker.stop();
  await bench.worker({ LIFEBOAT_QUEUE_POLL_SECONDS: '3' });
  await oneAndThree();
  await bench.queue().terminate();
  bench.letGo('a');
  await bench.until('a has ended', async () => (await status('a')) === 'COMPLETED');
  await bench.start('late', WORK);
  await expectOrder('a', 'b', 'c', 'd', 'late');
});

test('the queue is cancelled: that changes nothing', async () => {
  await oneAndThree();
  await bench.queue().cancel();
  await bench.start('late', WORK);
  bench.letGo('a');
  await expectOrder('a', 'b', 'c', 'd', 'late');
  expect((await bench.queue().describe()).status.name).toBe('RUNNING');
});

test('a queue that was asked to cancel still stops operations', async () => {
  await oneAndThree();
  await bench.queue().cancel();
  await bench.queue().executeUpdate('doStopOperation', { args: [{ operationId: bench.idOf('b') }] });
  await bench.until('b is cancelled', async () => (await status('b')) === 'CANCELLED');
  bench.letGo('a');
  await expectOrder('a', 'c', 'd');
});

test('what a person may send by mistake does not stop the queue', async () => {
  await oneAndThree();
  for (const args of [[], [null], ['a'], [{ operationId: 7 }]]) {
    await bench.queue().signal('turnEnded', ...args);
    await bench.handle('b').signal('turnGranted', ...args);
    for (const update of ['requestTurn', 'doStopOperation']) {
      await expect(bench.queue().executeUpdate(update, { args: args as [] })).rejects.toThrow(
        'Update failed',
      );
    }
    await expect(bench.queue().query('turnPlace', ...args)).rejects.toThrow();
  }
  bench.letGo('a');
  await expectOrder('a', 'b', 'c', 'd');
});

test('stopped by force: terminated, and the next one works when its step has ended', async () => {
  await oneAndThree();
  const stop = (id: string) =>
    bench.queue().executeUpdate('doStopOperation', { args: [{ operationId: bench.idOf(id), force: true }] });
  await stop('c');
  expect(await bench.shown()).toBe('a running, b queued, d queued');
  await stop('a');
  await expectOrder('a', 'b', 'd');
  expect([await status('a'), await status('c')]).toEqual(['TERMINATED', 'TERMINATED']);
});

test('a stop that is not honoured shows why, and keeps nobody else waiting', async () => {
  await bench.client.workflow.start('operationQueue', {
    workflowId: bench.queueId,
    taskQueue: bench.queueId,
    args: [{ host: bench.host, stopTimeoutSeconds: 1 }],
  });
  await bench.line({ a: bench.held('a') });
  await bench.until('a works', () => bench.works('a'));
  // one whose worker is gone: it stands in the line, and cannot hear that it is to end
  const lame = await bench.client.workflow.start('testOperation', {
    workflowId: bench.idOf('lame'),
    taskQueue: `nobody-${bench.host}`,
    args: [WORK],
  });
  const owner = { operationId: lame.workflowId, firstRunId: lame.firstExecutionRunId };
  const request = { ...owner, kind: 'Test', startedBy: '', pollSeconds: 1 };
  await bench.queue().executeUpdate('requestTurn', { args: [request] });
  await bench.line({ b: WORK });
  await bench.queue().executeUpdate('doStopOperation', { args: [{ operationId: lame.workflowId }] });
  const cause = async () => (await bench.operations()).find(({ id }) => id === 'lame')?.cause;
  await bench.until('it is said why', async () => (await cause()) !== undefined);
  expect(await cause()).toBe(`no worker serves its task queue nobody-${bench.host}`);
  bench.letGo('a');
  expect(await bench.handle('b').result()).toBe('done');
  await lame.terminate();
  // the next look finds that it is no more
  await expectOrder('a', 'b');
});

test('reset to a time when it had the turn, after it has given it back: it gets in line again', async () => {
  await bench.line({ a: { ms: 300, steps: 2 }, b: bench.held('b'), c: WORK });
  await bench.until('b works', () => bench.works('b'));
  const { events } = await bench.handle('a').fetchHistory();
  const steps = (events ?? []).filter(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'work',
  );
  await bench.reset(bench.idOf('a'), Number(steps.at(-1)?.eventId) - 1);
  await bench.until(
    'a is in line',
    async () => (await bench.shown()) === 'b running, c queued, a queued',
    60_000,
  );
  await bench.handle('b').cancel();
  for (const id of ['c', 'a']) expect(await bench.handle(id).result()).toBe('done');
  await bench.idle();
  // it stands in the line, but its step waits at the lock too, and may come in before the next one has its turn
  const [first, second, ...others] = bench.groups();
  expect([first, second]).toEqual(['a', 'b']);
  expect(others.sort()).toEqual(['a', 'c']);
  await bench.replay();
});

test('the queue is reset: nobody has to find out by looking that it has the turn', async () => {
  const far = await new QueueBench(bundle).open();
  try {
    await far.worker({ LIFEBOAT_QUEUE_POLL_SECONDS: '60' });
    await far.line({ a: far.held('a'), b: WORK, c: WORK });
    await far.reset(far.queueId, 4);
    far.letGo('a');
    for (const id of ['a', 'b', 'c']) expect(await far.handle(id).result()).toBe('done');
    expect(far.groups()).toEqual(['a', 'b', 'c']);
    const at = (id: string, what: string) =>
      far.lines().find((line) => line.id === id && line.what === what)?.at ?? 0;
    // a look each 48 s at the least
    expect(at('b', 'start') - at('a', 'end')).toBeLessThan(20_000);
  } finally {
    await far.close();
  }
});

test('the queue is reset', async () => {
  await bench.line({ before: WORK });
  await bench.until('before has ended', async () => (await status('before')) === 'COMPLETED');
  await oneAndThree();
  await bench.reset(bench.queueId, 4);
  bench.letGo('a');
  await expectOrder('before', 'a', 'b', 'c', 'd');
});

test('the worker is killed with SIGKILL', async () => {
  await oneAndThree();
  await worker.kill();
  await bench.worker();
  bench.letGo('a');
  await expectOrder('a', 'b', 'c', 'd');
});

test('one that leaves while it is given the turn, and goes on without one, keeps nobody waiting', async () => {
  const far = await new QueueBench(bundle).open();
  try {
    await far.worker({ LIFEBOAT_TEST_GRANT_AFTER: join(far.folder, 'go-grant') });
    far.started.push(far.idOf('runbook'));
    const handle = await far.client.workflow.start<typeof runbook>('runbook', {
      workflowId: far.idOf('runbook'),
      taskQueue: far.taskQueue,
      args: [WORK],
    });
    const isIn = async (): Promise<boolean> => (await far.operations().catch(() => [])).length === 1;
    await far.until('it is to be given the turn', isIn);
    await handle.signal('leave');
    await far.until('it has left', async () => (await far.operations()).length === 0);
    far.letGo('grant');
    await far.line({ b: WORK });
    expect(await far.handle('b').result()).toBe('done');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.signal('end');
    expect(await handle.result()).toBe('done');
    expect(far.groups()).toEqual(['b']);
    await far.replay();
  } finally {
    await far.close();
  }
});

test('a request that is not right fails at once, with what is wrong with it', async () => {
  const handle = await bench.start('wrong', { ...WORK, kind: 'k'.repeat(300) });
  const error: unknown = await handle.result().catch((e: unknown) => e);
  const failure = ((error as Error).cause as Error).cause as ApplicationFailure;
  expect(failure.type).toBe('InvalidInput');
  expect(failure.message).toMatch(/kind: /);
  expect(failure.message).not.toContain('lifeboat queue stop');
  await bench.replay();
});

test('the queue is terminated while many wait, who look seldom: the new one gives them the time', async () => {
  const many = Array.from({ length: 25 }, (_, n) => `m${n}`);
  await bench.line({ a: bench.held('a') });
  for (const id of many) await bench.start(id, { ms: 20 });
  await bench.until('all wait', async () => (await bench.operations()).length === 26);
  const order = (await bench.operations()).map(({ id }) => id);
  // each has looked again, and knows that so many wait
  await sleep(6_000);
  await bench.queue().terminate();
  bench.letGo('a');
  await bench.until('a has ended', async () => (await status('a')) === 'COMPLETED');
  await bench.start('late', WORK);
  await expectOrder(...order, 'late');
});
