/** The workflows `rescueItems` and `retryUnrestored` against a real server, with workers that are killed. */
import { mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { type ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { blobPath } from '../../src/backup-path/layout';
import type { RescueItemsRequest, RescueItemsStatus } from '../../src/contracts/rescue-items';
import type { rescueItems, retryUnrestored } from '../../src/workflows';
import { connect, sleep, spawnWorker, startRestore, type TestWorker } from '../e2e/harness';
import { replayAll } from '../replay/replay';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail, state } from '../restore/store';

const taskQueue = 'rescue-test';
const ITEMS = 60;
let client: Client;
let worker: TestWorker;
let bench: RestoreBench;
let reportDir: string;
const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
const startWorker = (): TestWorker => spawnWorker({ address, stateDir: bench.settings.stateDir, taskQueue });
const target = (): string => bench.settings.defaultTarget;
const inRescued = (): string[] => readdirSync(join(bench.mailDir, 'example.com/jane/Maildir/.Rescued/cur'));

beforeAll(async () => {
  bench = new RestoreBench();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let id = 300; id < 300 + ITEMS; id++) {
    const old = bench.store.writer.blob(mail(`old ${id}`));
    const now = bench.store.writer.blob(mail(`now ${id}`));
    truncateSync(join(bench.store.root, blobPath(now)), 25);
    bench.store.writer.item('a1', id, [state({ digest: old }), state({ digest: now })]);
  }
  mkdirSync(bench.settings.stateDir);
  worker = startWorker();
  client = await connect(address);
  const restore = await startRestore(client, taskQueue, `restore-${Math.random()}`, {
    sourcePath: bench.store.root,
    target: target(),
  });
  const result = await restore.result();
  expect(result.unrestored).toBe(ITEMS);
  ({ reportDir } = result);
});
afterAll(async () => {
  expect(await worker.stop()).toBe(0);
  await client.connection.close();
  bench.remove();
});

let id: string;
beforeEach(() => {
  id = `rescue-${Math.random().toString(36).slice(2)}`;
});

const rescue = (request: Partial<RescueItemsRequest> = {}) =>
  client.workflow.start<typeof rescueItems>('rescueItems', {
    taskQueue,
    workflowId: id,
    args: [
      { report: reportDir, inject: true, advanced: { sliceSeconds: 0.01, heartbeatSeconds: 1 }, ...request },
    ],
  });

/** Waits until so many items are done, or the injection has begun. @returns how many are; fails when it has ended */
async function untilDone(handle: WorkflowHandle<typeof rescueItems>, wanted: number): Promise<number> {
  for (;;) {
    expect((await handle.describe()).status.name).toBe('RUNNING');
    const status = await handle.query<RescueItemsStatus>('status').catch(() => null);
    if (status && status.done >= wanted) return status.done;
    if (status?.phase === 'injecting') return status.done;
    await sleep(20);
  }
}

test('workers that are killed: every item once, in the files and in the mailbox', async () => {
  const handle = await rescue();
  for (let kills = 0, done = -1; kills < 3; kills++) {
    done = await untilDone(handle, done + 1);
    await worker.kill();
    worker = startWorker();
  }
  const result = await handle.result();
  expect(result).toMatchObject({
    status: 'completed',
    items: ITEMS,
    olderState: ITEMS,
    salvaged: 0,
    lost: 0,
  });
  expect(result.injected).toMatchObject({ unrestored: 0 });
  expect((result.injected?.restored ?? 0) + (result.injected?.skipped ?? 0)).toBe(ITEMS);
  const { items } = JSON.parse(readFileSync(join(result.outputDir, 'index.json'), 'utf8')) as {
    items: { item: number; file: string }[];
  };
  expect(items.map(({ item }) => item)).toEqual(Array.from({ length: ITEMS }, (_, n) => 300 + n).sort());
  expect(readdirSync(join(result.outputDir, 'jane_example.com-a1'))).toHaveLength(ITEMS);
  expect(inRescued()).toHaveLength(ITEMS);
  expect(await handle.query('status')).toMatchObject({ phase: 'ended', done: ITEMS, olderState: ITEMS });
  await replayAll(client, id);
  await replayAll(client, `${id}/restore`);
});

test('another rescue of the same items finds them in the mailbox', async () => {
  const result = await (await rescue()).result();
  expect(result.injected).toMatchObject({ restored: 0, skipped: ITEMS, unrestored: 0 });
  expect(inRescued()).toHaveLength(ITEMS);
});

test('cancelled, it ends; what was written stays', async () => {
  const handle = await rescue({ inject: false });
  await untilDone(handle, 1);
  await handle.cancel();
  const error: unknown = await handle.result().catch((e: unknown) => e);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  await replayAll(client, id);
});

test('retry restores what verifies by now', async () => {
  for (const item of [300, 301]) bench.store.message('a1', item, mail(`mended ${item}`));
  const handle = await client.workflow.start<typeof retryUnrestored>('retryUnrestored', {
    taskQueue,
    workflowId: id,
    args: [{ report: reportDir }],
  });
  expect(await handle.result()).toMatchObject({
    status: 'partial',
    operationId: `${id}/restore`,
    source: ITEMS,
    restored: 2,
    unrestored: ITEMS - 2,
  });
  expect(await handle.query('status')).toEqual({ phase: 'ended', items: ITEMS, restore: `${id}/restore` });
  expect(readdirSync(join(bench.mailDir, 'example.com/jane/Maildir/cur'))).toHaveLength(2);
  await replayAll(client, id);
});

test.each([
  [{ report: undefined }, /give either a report or items/],
  [{ items: [{ account: 'a1', items: [7] }] }, /give either a report or items/],
  [{ report: '/not/there' }, /The report \/not\/there cannot be read \(ENOENT\)/],
])('%j is refused, with what is right', async (request, message) => {
  const error: unknown = await (await rescue(request)).result().catch((e: unknown) => e);
  const { cause } = error as WorkflowFailedError;
  expect((cause as ApplicationFailure).type).toBe('InvalidInput');
  expect(cause?.message).toMatch(message);
  await replayAll(client, id);
});
