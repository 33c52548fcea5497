/** The validator goes back to what it was, whatever happens: real server, real worker, the stand-in for the mail host. */
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { startServer } from '../../src/embedded/temporal-server';
import type { HostWorker } from '../queue/bench';
import { BUILT_BUNDLE, LIMIT, OverrideBench, VALIDATE, type Gate } from './bench';

let bench: OverrideBench;
let worker: HostWorker;
beforeAll(async () => {
  bench = await new OverrideBench(BUILT_BUNDLE).open();
  worker = await bench.worker();
});
afterAll(() => bench.close());
// each test leaves the host as it was for the next one
beforeEach(async () => {
  for (const key of [VALIDATE, LIMIT]) await bench.has(key, undefined);
});

const LONGER = { lineLimit: 20_000 };
const OFF = { disable: true, acceptRisk: true };

/** The key is as before, the running server does so, and nothing is on record. */
async function expectBack(key: string, value: string | undefined): Promise<void> {
  await bench.settled();
  expect(bench.written(key)).toBe(value);
  expect(await bench.takes(10_241)).toBe(key === VALIDATE && value === 'false');
  expect(await bench.takes(10_240)).toBe(true);
  await bench.replay();
}

async function expectChanged(handle: WorkflowHandle): Promise<void> {
  await bench.changed(handle);
  expect(await bench.takes(15_000)).toBe(true);
}

const ended = (handle: WorkflowHandle): Promise<unknown> => handle.result().catch(() => undefined);

test.each([
  ['true', OFF],
  ['false', OFF],
  [undefined, OFF],
  [undefined, LONGER],
])('%s before: changed, proved, done, and back', async (value, input) => {
  const key = input === OFF ? VALIDATE : LIMIT;
  await bench.has(key, value);
  const handle = await bench.start('a', input);
  await expectChanged(handle);
  await handle.executeUpdate('done');
  expect(await handle.result()).toEqual({ key, original: value ?? 'not set', end: 'reverted' });
  expect(bench.carbonio.subjects('probe@example.com')).not.toContainEqual(
    expect.stringContaining('Lifeboat: probe'),
  );
  await (await bench.guardOf(handle)).result();
  await expectBack(key, value);
});

type Event = (handle: WorkflowHandle) => Promise<unknown>;
const EVENTS: Readonly<Record<string, Event>> = {
  cancelled: async (handle) => handle.cancel(),
  terminated: async (handle) => handle.terminate(),
  'terminated, its guard too': async (handle) => {
    await (await bench.guardOf(handle)).terminate();
    await handle.terminate();
    // the worker looks each minute; a new one at once
    await worker.stop();
    worker = await bench.worker();
  },
  'left with its guard terminated, then done': async (handle) => {
    await (await bench.guardOf(handle)).terminate();
    await handle.executeUpdate('done');
  },
  'left with its guard cancelled by a person': async (handle) => {
    await (await bench.guardOf(handle)).cancel();
    await bench.settled();
    await handle.executeUpdate('done');
  },
};
test.each(Object.keys(EVENTS))('%s while it is changed', async (event) => {
  await bench.has(VALIDATE, 'true');
  const handle = await bench.start('a', OFF);
  await expectChanged(handle);
  await EVENTS[event]?.(handle);
  await ended(handle);
  await expectBack(VALIDATE, 'true');
});

test('its time is over: by its deadline, and by the timeout of its run', async () => {
  const late = await bench.start('late', { ...LONGER, deadlineSeconds: 3 });
  const error = (await late.result().catch((e: unknown) => e)) as { cause?: { type?: string } };
  expect(error.cause?.type).toBe('OverrideExpired');
  await expectBack(LIMIT, undefined);

  const out = await bench.start('out', LONGER, 15_000);
  await expectChanged(out);
  await ended(out);
  expect((await out.describe()).status.name).toBe('TIMED_OUT');
  await expectBack(LIMIT, undefined);
});

test('nobody says any more that it is needed', async () => {
  const handle = await bench.start('a', { ...LONGER, patienceSeconds: 5 });
  await bench.changed(handle);
  expect(await handle.result()).toMatchObject({ end: 'reverted' });
  await expectBack(LIMIT, undefined);
});

test('reset: the original stays the one of the journal, and the guard of before serves', async () => {
  await bench.has(VALIDATE, 'true');
  const handle = await bench.start('a', OFF);
  await expectChanged(handle);
  const guard = await bench.guardOf(handle);
  await bench.temporal.reset(handle.workflowId, 4);
  const again = bench.temporal.client.workflow.getHandle(handle.workflowId);
  await expectChanged(again);
  expect((await guard.describe()).status.name).toBe('RUNNING');
  await again.executeUpdate('done');
  expect(await again.result()).toMatchObject({ original: 'true', end: 'reverted' });
  await guard.result();
  await expectBack(VALIDATE, 'true');
});

test('two at once: the second waits, and each goes back to the true value', async () => {
  await bench.has(LIMIT, '12000');
  const first = await bench.start('first', LONGER);
  await bench.changed(first);
  const second = await bench.start('second', { lineLimit: 30_000 });
  await bench.temporal.until('the second waits', async () => {
    const { raw } = await second.describe();
    return (raw.pendingActivities ?? []).some(({ lastFailure }) => lastFailure?.message?.includes('first@'));
  });
  expect(bench.written(LIMIT)).toBe('20000');
  await first.executeUpdate('done');
  await bench.changed(second);
  expect(await bench.takes(30_000)).toBe(true);
  await second.executeUpdate('done');
  for (const handle of [first, second])
    expect(await handle.result()).toMatchObject({ original: '12000', end: 'reverted' });
  await bench.settled();
  expect(bench.written(LIMIT)).toBe('12000');
  expect(await bench.takes(12_001)).toBe(false);
  await bench.replay();
});

test('the worker is killed while the server is told of the change, and while its way back is proved', async () => {
  await bench.has(VALIDATE, 'true');
  const told = bench.gate({ kind: 'slow', command: 'zmlocalconfig --reload' });
  const handle = await bench.start('a', OFF);
  await killedAt(told);
  await expectChanged(handle);
  const proof = bench.gate({ kind: 'slow', command: 'lmtp data' });
  const done = handle.executeUpdate('done');
  await killedAt(proof);
  await done;
  expect(await handle.result()).toMatchObject({ original: 'true', end: 'reverted' });
  await expectBack(VALIDATE, 'true');
});

/** What the dead worker has begun on the host comes to its end, and then there is a new one. */
async function killedAt(gate: Gate): Promise<void> {
  await gate.reached();
  await worker.kill();
  gate.open();
  worker = await bench.worker();
}

test('the worker is killed while it is changed, and the workflow terminated before a worker is back', async () => {
  await bench.has(VALIDATE, 'true');
  const handle = await bench.start('gone', OFF);
  await bench.changed(handle);
  await worker.kill();
  await handle.terminate();
  expect(bench.written(VALIDATE)).toBe('false');
  worker = await bench.worker();
  await expectBack(VALIDATE, 'true');
});

test('the mail server is down when it is to go back: pending until it is up, and a person can do it without Temporal', async () => {
  const handle = await bench.start('a', LONGER);
  await bench.changed(handle);
  await bench.carbonio.up.kill();
  await handle.executeUpdate('done');
  await bench.temporal.until('it is back on disk', () => bench.written(LIMIT) === undefined);
  expect(bench.isJournalled).toBe(true);
  await bench.carbonio.up.restart();
  await ended(handle);
  await expectBack(LIMIT, undefined);
});

test('the Temporal server dies and comes back', async () => {
  const own = await startServer({
    dbFile: join(bench.carbonio.dir, 't.db'),
    logFile: join(bench.carbonio.dir, 't.log'),
    fast: true,
  });
  const there = await new OverrideBench(BUILT_BUNDLE, own.address).open();
  let again: Awaited<ReturnType<typeof startServer>> | undefined;
  try {
    await there.worker();
    const handle = await there.start('a', LONGER);
    await there.changed(handle);
    process.kill(own.process.pid, 'SIGKILL');
    await own.stop();
    again = await startServer({
      dbFile: join(bench.carbonio.dir, 't.db'),
      logFile: join(bench.carbonio.dir, 't.log'),
      fast: true,
      port: Number(own.address.split(':')[1]),
    });
    await there.temporal.until('the worker is back', async () => (await there.phase(handle)) === 'changed');
    await handle.executeUpdate('done');
    expect(await handle.result()).toMatchObject({ end: 'reverted' });
    await there.settled();
    expect(there.written(LIMIT)).toBeUndefined();
  } finally {
    await there.close();
    await again?.stop();
  }
});
