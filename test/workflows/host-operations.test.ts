/** The operations of the mail host on its own backup, against a real Temporal server and the stand-in. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { findAccount } from '../../src/backup-path/find-account';
import { BackupPath } from '../../src/backup-path/store';
import { walkItems } from '../../src/backup-path/walk';
import type {
  HostOperationName,
  HostOperationRequest,
  HostOperationResult,
} from '../../src/contracts/host-operations';
import { until } from '../embedded/carbonio-kit';
import { replayAll } from '../replay/replay';
import { EngineBench } from './carbonio-bench';

jest.setTimeout(120_000);
let bench: EngineBench;
const ids: string[] = [];
beforeAll(async () => {
  bench = new EngineBench();
  bench.fill();
  await bench.open();
  await bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source, 'accounts', 'a2');
});
afterAll(() => bench.close());
beforeEach(() => bench.up.setFaults([]));

async function begin<N extends HostOperationName>(
  type: N,
  input: HostOperationRequest<N>,
): Promise<WorkflowHandle> {
  const workflowId = `${type}-${Math.random().toString(36).slice(2)}`;
  ids.push(workflowId);
  const advanced = { pollSeconds: 0.2, settleSeconds: 6, graceSeconds: 2, heartbeatSeconds: 3 };
  const args = [{ advanced, ...input }];
  return bench.client.workflow.start(type, { workflowId, taskQueue: bench.taskQueue, args });
}
const run = async <N extends HostOperationName>(
  type: N,
  input: HostOperationRequest<N>,
): Promise<HostOperationResult> => (await (await begin(type, input)).result()) as HostOperationResult;

/** Any message of an account in a Backup Path. */
function messageIn(path: string, account: string): string {
  const store = BackupPath.open(path);
  for (const entry of walkItems(store, findAccount(store, account).id)) {
    if (entry.kind === 'item' && store.itemStates(entry.path).at(-1)?.type === 'message')
      return String(entry.id);
  }
  throw new Error(`${account} has no message in ${path}`);
}

test('scan, check, export, restore on a new account, item, undelete, purge', async () => {
  const scanned = await run('smartScan', {});
  expect(scanned).toMatchObject({ status: 'completed', stats: { 'checked items': '20' } });
  expect(readFileSync(join(scanned.reportDir, 'report.txt'), 'utf8')).toContain(scanned.hostOperation);
  const { backup } = bench.up.places;
  await run('coherencyCheck', { backupPath: backup });
  const copy = join(bench.dir, 'export');
  await run('exportBackup', { destinationPath: copy });
  expect(existsSync(join(copy, 'backup.json'))).toBe(true);
  await run('restoreOnNewAccount', {
    sourceAccount: 'joe@example.com',
    destinationAccount: 'joe.again@example.com',
  });
  expect(bench.subjects('joe.again@example.com')).toHaveLength(20);
  await run('undelete', { account: 'joe@example.com' });
  const maildir = join(bench.host, 'mailboxes/example.com/joe/Maildir');
  for (const part of ['new', 'cur']) rmSync(join(maildir, part), { recursive: true });
  const restored = await run('itemRestore', {
    account: 'joe@example.com',
    itemId: messageIn(backup, 'joe@example.com'),
  });
  expect(restored.stats).toMatchObject({ 'Restored Items': '1' });
  expect(bench.subjects('joe@example.com')).toHaveLength(1);
  await run('purge', { days: 30 });
  const names = (await bench.json('core', 'getOperationLog')).operationList.map(({ name }) => name);
  expect(new Set(names).size).toBe(8);
});

test('what the host refuses, and what it fails, is a failure with its words', async () => {
  const failures = await Promise.all(
    [
      begin('restoreOnNewAccount', {
        sourceAccount: 'nobody@example.com',
        destinationAccount: 'x@example.com',
      }),
      begin('itemRestore', { account: 'joe@example.com', itemId: '999999' }),
      begin('exportBackup', { destinationPath: 'relative' }),
    ].map(async (handle) => {
      const error: unknown = await (await handle).result().catch((e: unknown) => e);
      return (error as WorkflowFailedError).cause as ApplicationFailure;
    }),
  );
  expect(failures.map(({ type }) => type)).toEqual([
    expect.stringMatching(/CommandFailed|HostOperationFailed/),
    expect.stringMatching(/CommandFailed|HostOperationFailed/),
    'InvalidInput',
  ]);
  expect(failures[0]?.message).toContain('nobody@example.com');
});

test('it waits for its turn, is seen there, and a cancelled one is stopped on the host', async () => {
  bench.up.setFaults([{ kind: 'hold', operation: 'SmartScan', at: 'start', milliseconds: 60_000, times: 1 }]);
  const first = await begin('smartScan', {});
  await until(async () => (await bench.names()).length === 1);
  const second = await begin('smartScan', {});
  await until(async () => (await second.query<{ phase: string }>('status')).phase === 'queued');
  expect(await bench.names()).toHaveLength(1);
  await first.cancel();
  const error: unknown = await first.result().catch((e: unknown) => e);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  await second.result();
});

test('terminated: who is next waits for what still works on the host', async () => {
  bench.up.setFaults([{ kind: 'hold', operation: 'SmartScan', at: 'start', milliseconds: 6_000, times: 1 }]);
  const first = await begin('smartScan', {});
  const [left] = await until(async () => {
    const names = await bench.names();
    return names.length === 1 ? names[0] : undefined;
  });
  // it is on record only when its id was heard
  await until(() =>
    readFileSync(join(`${bench.state}.locks`, `${bench.taskQueue}.on-host.json`), 'utf8').includes(left),
  );
  await first.terminate();
  await run('smartScan', {});
  const ended = (await bench.json('core', 'getOperationLog')).operationList.map(({ id }) => id);
  expect(ended.indexOf(left)).toBe(ended.length - 2);
});

test('the worker is killed: the same operation is followed to its end', async () => {
  const before = (await bench.json('core', 'getOperationLog')).operationList.length;
  bench.up.setFaults([{ kind: 'hold', operation: 'SmartScan', at: 'start', milliseconds: 2_000, times: 1 }]);
  const handle = await begin('smartScan', {});
  await until(async () => (await bench.names()).length === 1);
  await bench.worker.kill();
  bench.startWorker();
  await handle.result();
  expect((await bench.json('core', 'getOperationLog')).operationList).toHaveLength(before + 1);
});

test('every history of these replays', async () => {
  for (const id of ids) await replayAll(bench.client, id);
});
