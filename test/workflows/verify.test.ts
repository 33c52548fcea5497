/** The workflow against a real server, with real workers: it ends with the same whatever interrupts it. */
import { mkdirSync, readFileSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { blobPath } from '../../src/backup-path/layout';
import type { VerifyRequest, VerifyResult, VerifyStatus } from '../../src/contracts/verify';
import type { verify } from '../../src/workflows';
import { connect, sleep, spawnWorker, type TestWorker } from '../e2e/harness';
import { replayAll } from '../replay/replay';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';

const taskQueue = 'verify-test';
const ITEMS = 6000;
let client: Client;
let worker: TestWorker;
let bench: RestoreBench;
const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
const startWorker = (): TestWorker => spawnWorker({ address, stateDir: bench.settings.stateDir, taskQueue });

beforeAll(async () => {
  bench = new RestoreBench();
  for (const id of ['a1', 'a2']) {
    bench.store.writer.account(accountInfo(id, `${id}@example.com`));
    for (let i = 0; i < ITEMS / 2; i++) bench.store.message(id, 257 + i, mail(`${id} ${i}`));
  }
  bench.store.dropBlob(bench.store.message('a1', 9000, mail('gone')));
  truncateSync(join(bench.store.root, blobPath(bench.store.message('a2', 9001, mail('cut')))), 20);
  for (let i = 0; i < 7; i++) bench.store.writer.blob(mail(`orphan ${i}`));
  mkdirSync(bench.settings.stateDir);
  worker = startWorker();
  client = await connect(address);
});
afterAll(async () => {
  expect(await worker.stop()).toBe(0);
  await client.connection.close();
  bench.remove();
});

let id: string;
beforeEach(() => {
  id = `verify-${Math.random().toString(36).slice(2)}`;
});

const start = (request: Partial<VerifyRequest> = {}): Promise<WorkflowHandle<typeof verify>> =>
  client.workflow.start<typeof verify>('verify', {
    taskQueue,
    workflowId: id,
    args: [{ sourcePath: bench.store.root, threads: 1, ...request }],
  });

/** Waits until at least one more work unit is done, and the verification is still at work; fails when it has ended. */
async function untilAtWork(handle: WorkflowHandle<typeof verify>, after = 0): Promise<number> {
  for (;;) {
    const { status } = await handle.describe();
    expect(status.name).toMatch(/RUNNING|CONTINUED_AS_NEW/);
    const checked = await handle
      .query<VerifyStatus>('status')
      .then((answer) => answer.checked)
      .catch(() => 0);
    if (checked > after) return checked;
    await sleep(20);
  }
}

/** Waits until its step has failed, and is to be tried again. */
async function untilFailing(handle: WorkflowHandle<typeof verify>): Promise<void> {
  for (;;) {
    const { status, raw } = await handle.describe();
    expect(status.name).toBe('RUNNING');
    if (raw.pendingActivities?.some(({ lastFailure }) => lastFailure)) return;
    await sleep(20);
  }
}

/** What a verification without interruption says; the server configuration is missing too. */
function expectAll(result: VerifyResult): void {
  expect(result).toMatchObject({
    status: 'findings',
    operationId: id,
    items: ITEMS + 2,
    blobs: ITEMS + 1 + 7,
    checked: 2 * ITEMS + 10,
    accounts: 2,
    orphans: 7,
    read: 2,
    broken: 1,
    invalid: 0,
    doubleGzipped: 0,
  });
  const { findings } = JSON.parse(readFileSync(join(result.reportDir, 'verify.json'), 'utf8')) as {
    findings: { account: string | null; item: number | null; class: string }[];
  };
  const told = findings.map(({ account, item, class: kind }) => `${account} ${item} ${kind}`).sort();
  expect(told).toEqual(['a1@example.com 9000 read', 'a2@example.com 9001 broken', 'null null read']);
}

test('from start to end, with status and details', async () => {
  const handle = await start();
  expectAll(await handle.result());
  expect(await handle.query('status')).toMatchObject({
    phase: 'ended',
    checked: 2 * ITEMS + 10,
    findings: 3,
  });
  expect(await replayAll(client, id)).toBe(1);
});

test('in short work units over several runs it says the same', async () => {
  const handle = await start({ advanced: { sliceSeconds: 0.05, continueAsNewAfterEvents: 20 } });
  expectAll(await handle.result());
  expect(await replayAll(client, id)).toBeGreaterThan(1);
});

test('a worker that is killed costs a work unit, and nothing is told twice', async () => {
  const handle = await start({ advanced: { sliceSeconds: 0.05, heartbeatSeconds: 1 } });
  for (let kills = 0, checked = 0; kills < 3; kills++) {
    checked = await untilAtWork(handle, checked);
    await worker.kill();
    worker = startWorker();
  }
  expectAll(await handle.result());
  await replayAll(client, id);
});

test('a store that goes away is waited for', async () => {
  const handle = await start({ advanced: { sliceSeconds: 0.05 } });
  await untilAtWork(handle);
  renameSync(bench.store.root, `${bench.store.root}-away`);
  await untilFailing(handle);
  renameSync(`${bench.store.root}-away`, bench.store.root);
  expectAll(await handle.result());
  await replayAll(client, id);
});

test('cancelled, it ends soon', async () => {
  const handle = await start({ advanced: { sliceSeconds: 0.05, continueAsNewAfterEvents: 20 } });
  await untilAtWork(handle);
  await handle.cancel();
  const error: unknown = await handle.result().catch((e: unknown) => e);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  await replayAll(client, id);
});

test.each([
  [{ sourcePath: 'relative' }, 'InvalidInput', /sourcePath: must be an absolute path/],
  [{ sourcePath: '/x', sample: 0 }, 'InvalidInput', /sample/],
  [{ sourcePath: '/not/there' }, 'SourceNotFound', /There is no \/not\/there/],
])('%j fails as %s', async (request, type, message) => {
  const error: unknown = await (await start(request)).result().catch((e: unknown) => e);
  const { cause } = error as WorkflowFailedError;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  expect((cause as ApplicationFailure).type).toBe(type);
  expect(cause?.message).toMatch(message);
  await replayAll(client, id);
});
