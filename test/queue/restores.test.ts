/** Real restores in the queue: one at a time on a host, with children in the turn of their parent, through resets and stops. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import type { ExternalRestoreRequest, ExternalRestoreStatus } from '../../src/contracts/external-restore';
import type { externalRestore } from '../../src/workflows';
import { sleep } from '../e2e/harness';
import { replayAll } from '../replay/replay';
import { accountInfo, mail, TestStore } from '../restore/store';
import { makeBundle, QueueBench, type HostWorker } from './bench';
import type { restoreWithRetry } from './workflows';

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

const stores = mkdtempSync(join(tmpdir(), 'lifeboat-stores-'));
/** Takes seconds to restore, so that there is time for things to happen. */
const LARGE = 8_000;
const SMALL = 300;
beforeAll(() => {
  jane(LARGE, 'large');
  jane(SMALL, 'small');
});
afterAll(() => rmSync(stores, { recursive: true, force: true }));

const mailDir = (target = 'mail'): string => join(bench.folder, target);
const inbox = (target = 'mail'): string => join(mailDir(target), 'example.com/jane/Maildir/cur');
const arrived = (target = 'mail'): number =>
  existsSync(inbox(target)) ? readdirSync(inbox(target)).length : 0;

function jane(count: number, name: string): void {
  const made = new TestStore(join(stores, name));
  made.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let i = 0; i < count; i++) made.message('a1', 300 + i, mail(`m${i}`));
}

const input = (target = 'mail', more: Partial<ExternalRestoreRequest> = {}): ExternalRestoreRequest => ({
  sourcePath: join(stores, 'large'),
  target: `maildir:${mailDir(target)}`,
  ...more,
});

const small = { sourcePath: join(stores, 'small') };

async function restore(id: string, request = input()): Promise<WorkflowHandle<typeof externalRestore>> {
  bench.started.push(bench.idOf(id));
  return bench.client.workflow.start<typeof externalRestore>('externalRestore', {
    workflowId: bench.idOf(id),
    taskQueue: bench.taskQueue,
    args: [request],
  });
}

const status = (handle: WorkflowHandle): Promise<ExternalRestoreStatus> => handle.query('status');
const inQueue = (id: string, state: string): Promise<void> =>
  bench.until(`${id} is ${state}`, async () => {
    const there = await bench.operations().catch(() => []);
    return there.some((one) => one.id === id && one.state === state);
  });

test('the second restore waits for the first, says so, and is told of a mistake at once', async () => {
  // the first one works until all has been seen: it finds the accounts of its target locked
  mkdirSync(mailDir(), { recursive: true });
  const lock = spawn('flock', ['-x', join(mailDir(), '.lifeboat-lock'), 'cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const isLocked = once(lock.stdout, 'data');
  lock.stdin.write('locked');
  await isLocked;
  const first = await restore('first', input('mail', small));
  await inQueue('first', 'running');
  const second = await restore('second', input('other', small));
  await bench.until('it says that it waits', async () => (await status(second)).phase === 'queued');
  expect((await status(second)).queue).toEqual({
    position: 1,
    queued: 1,
    waitsFor: `${bench.idOf('first')} (External Restore)`,
  });
  const wrong = await (
    await restore('wrong', input('x', { sourcePath: '/no/such/folder' }))
  )
    .result()
    .catch((error: unknown) => error);
  expect(((wrong as WorkflowFailedError).cause as ApplicationFailure).type).toBe('SourceNotFound');
  expect(arrived('other')).toBe(0);
  expect(existsSync(mailDir('other'))).toBe(false);
  lock.stdin.end();
  expect(await first.result()).toMatchObject({ restored: SMALL });
  const result = await second.result();
  expect(result).toMatchObject({ restored: SMALL, status: 'completed' });
  const report = JSON.parse(readFileSync(join(result.reportDir, 'report.json'), 'utf8')) as {
    phases: { name: string }[];
  };
  expect(report.phases.map(({ name }) => name)).toContain('queued');
  expect((await status(second)).queue).toBeNull();
  await bench.replay();
});

test('stopped by the queue: it ends at an item boundary, reports, can be started again; the next one begins', async () => {
  const first = await restore('first');
  await inQueue('first', 'running');
  const second = await restore('second', input('other', small));
  await inQueue('second', 'queued');
  await bench.until('mail arrives', () => arrived() > 0);
  const answer = await bench
    .queue()
    .executeUpdate('doStopOperation', { args: [{ operationId: bench.idOf('first') }] });
  expect(answer).toEqual({ stopping: [bench.idOf('first')] });
  const error: unknown = await first.result().catch((e: unknown) => e);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  const done = arrived();
  expect(done).toBeLessThan(LARGE);
  const reports = join(bench.stateDir, 'reports');
  const [mine] = readdirSync(reports).filter((name) => name.startsWith('first'));
  const report = JSON.parse(readFileSync(join(reports, mine as string, 'report.json'), 'utf8')) as object;
  expect(report).toMatchObject({ status: 'cancelled', totals: { restored: done } });
  expect(readdirSync(join(inbox(), '../tmp'))).toEqual([]);
  expect(await second.result()).toMatchObject({ restored: SMALL });
  expect(arrived()).toBe(done);
  expect(await (await restore('first')).result()).toMatchObject({ restored: LARGE - done, skipped: done });
  await bench.replay();
});

test('an unknown id is answered with those that exist; a wrong input with a right one', async () => {
  const handle = await restore('first');
  await inQueue('first', 'running');
  const refused = async (name: string, args: unknown[]): Promise<string> => {
    const error: unknown = await bench
      .queue()
      .executeUpdate(name, { args: args as [] })
      .catch((e: unknown) => e);
    return ((error as Error).cause as Error).message;
  };
  expect(await refused('doStopOperation', [{ operationId: 'nothing' }])).toBe(
    `No operation nothing runs or waits on this host. There are: ${bench.idOf('first')}.`,
  );
  expect(await refused('doStopOperation', [{ id: 'x' }])).toMatch(
    /operationId: .*A valid input: \{"operationId"/,
  );
  await bench.queue().executeUpdate('doStopAllOperations', { args: [] });
  await handle.result().catch(() => undefined);
  await bench.idle();
  await bench.replay();
});

test('a restore with a retry as its child: the child works in the turn of its parent', async () => {
  bench.started.push(bench.idOf('parent'));
  const handle = await bench.client.workflow.start<typeof restoreWithRetry>('restoreWithRetry', {
    workflowId: bench.idOf('parent'),
    taskQueue: bench.taskQueue,
    args: [input('mail', small)],
  });
  await bench.line({ waiting: { ms: 50 } });
  const results = await handle.result();
  expect(results).toMatchObject([{ restored: SMALL }, { restored: 0, skipped: SMALL }]);
  expect(await bench.handle('waiting').result()).toBe('done');
  await bench.idle();
  expect(arrived()).toBe(SMALL);
  for (const n of [0, 1]) await replayAll(bench.client, `${bench.idOf('parent')}/child-${n}`, bundle);
  await bench.replay();
});

test('a turn is not to be had by its name', async () => {
  const turnOf = { operationId: 'somebody', firstRunId: 'x' };
  const error: unknown = await (
    await restore('sly', input('mail', { turnOf }))
  )
    .result()
    .catch((e: unknown) => e);
  expect(((error as WorkflowFailedError).cause as Error).message).toMatch(/somebody is no parent of this/);
  await replayAll(bench.client, bench.idOf('sly'), bundle);
});

test('reset while two wait, its worker stopped and continued later: no deadlock, and the old attempt adds nothing', async () => {
  const options = { advanced: { heartbeatSeconds: 2, sliceSeconds: 30 } };
  const handle = await restore('first', input('mail', options));
  await bench.until('mail arrives', () => arrived() > 200);
  await bench.line({ b: { ms: 50 }, c: { ms: 50 } });
  worker.process.kill('SIGSTOP');
  const other = await bench.worker();
  await bench.reset(bench.idOf('first'), 4);
  const again = bench.client.workflow.getHandle(handle.workflowId);
  expect(await again.result()).toMatchObject({ restored: LARGE, skipped: 0 });
  expect(arrived()).toBe(LARGE);
  worker.process.kill('SIGCONT');
  for (const id of ['b', 'c']) expect(await bench.handle(id).result()).toBe('done');
  await sleep(1000);
  expect(arrived()).toBe(LARGE);
  expect(new Set(readdirSync(inbox()).map((name) => name.split('.')[0])).size).toBe(LARGE);
  expect(readdirSync(join(inbox(), '../tmp'))).toEqual([]);
  await bench.idle();
  expect(bench.groups()).toEqual(['b', 'c']);
  await bench.replay();
  await other.stop();
}, 300_000);
