/** Syncs that delete keep clear of the purge of the mail host: a real server and worker, a stand-in for the host. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { itemPath } from '../../src/backup-path/layout';
import type {
  OffsiteSyncRequest,
  OffsiteSyncResult,
  OffsiteSyncStatus,
} from '../../src/contracts/offsite-sync';
import type { offsiteSync } from '../../src/workflows';
import { until } from '../embedded/carbonio-kit';
import { describeRsync } from '../offsite/kit';
import { replayAll } from '../replay/replay';
import { accountInfo, mail } from '../restore/store';
import { EngineBench } from './carbonio-bench';

jest.setTimeout(120_000);
let bench: EngineBench;
let copy: string;
const ids: string[] = [];
beforeAll(async () => {
  bench = new EngineBench();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let i = 0; i < 10; i++) bench.store.message('a1', 300 + i, mail(`m${i}`));
  copy = join(bench.dir, 'copy');
  await bench.open();
  await bench.carbonio('--sync', 'backup', 'doSmartScan', 'start');
});
afterAll(() => bench.close());
beforeEach(() => bench.up.setFaults([]));

async function begin(change: Partial<OffsiteSyncRequest>): Promise<WorkflowHandle<typeof offsiteSync>> {
  const workflowId = `purge-${Math.random().toString(36).slice(2)}`;
  ids.push(workflowId);
  const input: OffsiteSyncRequest = {
    ...{ sourcePath: bench.source, destination: copy, maxDeletions: { percent: 100 } },
    ...{ advanced: { pollSeconds: 0.2, heartbeatSeconds: 2 }, ...change },
  };
  return bench.client.workflow.start<typeof offsiteSync>('offsiteSync', {
    ...{ workflowId, taskQueue: bench.taskQueue, args: [input] },
  });
}
const run = async (change: Partial<OffsiteSyncRequest>): Promise<OffsiteSyncResult> =>
  (await begin(change)).result();
const statusOf = (handle: WorkflowHandle): Promise<OffsiteSyncStatus> => handle.query('status');
const isWaiting = (handle: WorkflowHandle) => async (): Promise<boolean> =>
  /a purge works/.test((await statusOf(handle)).waiting ?? '');

/** Takes an item out of the Backup Path. Answers its place. */
function lose(item: number): string {
  const path = itemPath('a1', item);
  rmSync(join(bench.source, path));
  return join(copy, path);
}

/** Starts a purge that works until it is stopped. Answers its id. */
async function holdPurge(): Promise<string> {
  bench.up.setFaults([{ kind: 'hold', operation: 'Purge', at: 'start', milliseconds: 600_000, times: 1 }]);
  const { operationId } = await bench.json('backup', 'doPurge');
  await until(async () =>
    (await bench.names()).some(([id, state]) => id === operationId && state === 'Started'),
  );
  return operationId;
}

describeRsync('deletions after the purge', () => {
  test('none before a purge has ended; then once, and not again before the next', async () => {
    await run({});
    const kept = lose(300);
    const before = await run({ delete: 'afterPurge' });
    expect(before).toMatchObject({ deleted: 0, notes: [expect.stringMatching(/No purge has ended/)] });
    expect(existsSync(kept)).toBe(true);

    await bench.carbonio('--sync', 'backup', 'doPurge');
    expect(await run({ delete: 'afterPurge', dryRun: true })).toMatchObject({ deleted: 1, notes: [] });
    expect(await run({ delete: 'afterPurge' })).toMatchObject({ deleted: 1, notes: [] });
    expect(existsSync(kept)).toBe(false);

    const next = lose(301);
    expect(await run({ delete: 'afterPurge' })).toMatchObject({ deleted: 0 });
    expect(existsSync(next)).toBe(true);
    // one that deletes now knows of the purge too
    await bench.carbonio('--sync', 'backup', 'doPurge');
    expect(await run({ delete: 'now' })).toMatchObject({ deleted: 1 });
    lose(302);
    expect(await run({ delete: 'afterPurge' })).toMatchObject({ deleted: 0 });
  });

  test('a purge that works is waited for, also by a new worker; a copy without deletions is not kept waiting', async () => {
    await run({ delete: 'now' });
    const kept = lose(303);
    const purge = await holdPurge();
    const waiting = await begin({ delete: 'afterPurge' });
    const now = await begin({ delete: 'now' });
    await until(isWaiting(waiting));
    await until(isWaiting(now));
    expect(await statusOf(waiting)).toMatchObject({ phase: 'asking for purges' });
    expect((await statusOf(waiting)).waiting).toContain(purge);

    await now.cancel();
    const error: unknown = await now.result().catch((cause: unknown) => cause);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);

    await bench.worker.kill();
    bench.startWorker();
    bench.store.message('a1', 400, mail('new'));
    const other = await run({});
    expect(other).toMatchObject({ status: 'synced', files: 2 });
    expect(await run({ delete: 'now', dryRun: true })).toMatchObject({
      notes: [expect.stringContaining(purge)],
    });
    expect(await isWaiting(waiting)()).toBe(true);
    expect(existsSync(kept)).toBe(true);

    await bench.carbonio('backup', 'doStopOperation', purge);
    const ended = await waiting.result();
    expect(ended).toMatchObject({ status: 'synced', deleted: 1 });
    // what the copy surely holds is never told as older than before
    expect(Date.parse(ended.startedAt)).toBeGreaterThan(Date.parse(other.endedAt));
    expect(existsSync(kept)).toBe(false);
  });

  test('an answer that is not understood is a failure, and nothing is touched', async () => {
    const kept = lose(304);
    for (const command of ['core getAllOperations', 'core getOperationLog']) {
      bench.up.setFaults([{ kind: 'garble', command, text: 'No operations, all is well.' }]);
      for (const when of ['now', 'afterPurge'] as const) {
        const error: unknown = await run({ delete: when }).catch((cause: unknown) => cause);
        expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'UnknownOutput' });
      }
    }
    expect(existsSync(kept)).toBe(true);
  });

  test('every history of these replays', async () => {
    for (const id of ids) await replayAll(bench.client, id);
  });
});
