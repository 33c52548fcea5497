/** Restore on New Account, Undelete and Item Restore by the engine direct: a real server, a worker that is killed. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type WorkflowFailedError, type Client } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { digestOf } from '../../src/backup-path/digest';
import type { ExternalRestoreResult } from '../../src/contracts/external-restore';
import type { HostOperationRequest } from '../../src/contracts/host-operations';
import { run as runCli } from '../client/cli';
import { countMessages, leftovers, readMailbox } from '../crash/mailboxes';
import { connect, sleep, spawnWorker, type TestWorker } from '../e2e/harness';
import { replayAll } from '../replay/replay';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail, state } from '../restore/store';

const taskQueue = 'recovery-test';
const ITEMS = 700;
const DELETED = 20;
const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
const day = (n: number): number => Date.UTC(2025, 0, n);
let bench: RestoreBench;
let client: Client;
let worker: TestWorker | undefined;

beforeAll(async () => {
  bench = new RestoreBench();
  const { writer } = bench.store;
  writer.account(accountInfo('a1', 'jane@example.com', { status: 'deleted', deletedAt: day(20) }));
  for (let i = 0; i < ITEMS; i++) {
    const content = mail(`m${i}`, 'x'.repeat(i % 500));
    const now = state({ digest: writer.blob(content), size: content.length, start: day(1) });
    const gone = i < DELETED ? [state({ ...now, start: day(10), deleted: true })] : [];
    writer.item('a1', 1000 + i, [now, ...gone]);
  }
  mkdirSync(bench.settings.stateDir);
  client = await connect(address);
});
afterAll(async () => {
  await worker?.kill();
  await client.connection.close();
  bench.remove();
});

const newWorker = (): TestWorker => spawnWorker({ address, stateDir: bench.settings.stateDir, taskQueue });
type Request<N extends 'restoreOnNewAccount' | 'undelete' | 'itemRestore'> = Omit<
  HostOperationRequest<N>,
  'sourcePath' | 'target'
>;
async function begin<N extends 'restoreOnNewAccount' | 'undelete' | 'itemRestore'>(
  type: N,
  input: Request<N>,
) {
  const places = { sourcePath: bench.store.root, target: bench.settings.defaultTarget };
  const advanced = { heartbeatSeconds: 2, sliceSeconds: 0.3, continueAsNewAfterEvents: 25 };
  const workflowId = `${type}-${Math.random().toString(36).slice(2)}`;
  return client.workflow.start(type, { taskQueue, workflowId, args: [{ ...places, advanced, ...input }] });
}
const maildir = (name: string): string => join(bench.mailDir, 'example.com', name, 'Maildir');

test('a new account as of a date, its worker killed twice: each message exactly once', async () => {
  const request = { sourceAccount: 'a1', destinationAccount: 'jane.new@example.com' };
  const handle = await begin('restoreOnNewAccount', { ...request, date: new Date(day(5)).toISOString() });
  let done = false;
  const result = handle.result().finally(() => (done = true)) as Promise<ExternalRestoreResult>;
  // the first is certain: it is killed as soon as there is a message
  for (let kills = 0; kills < 2 && !done; kills++) {
    worker = newWorker();
    const before = countMessages(bench.mailDir);
    while (countMessages(bench.mailDir) === before && !done) await sleep(10);
    await worker.kill();
  }
  worker = newWorker();
  expect(await result).toMatchObject({ status: 'completed', source: ITEMS, restored: ITEMS, skipped: 0 });
  const found = readMailbox(maildir('jane.new'));
  expect(new Set(found).size).toBe(ITEMS);
  expect(found).toHaveLength(ITEMS);
  expect(leftovers(maildir('jane.new'))).toEqual([]);
  await replayAll(client, handle.workflowId);
  const status = await handle.query('status');
  expect(status).toMatchObject({ phase: 'ended', restored: ITEMS });
});

test('undelete and single items, and what is refused before it waits for its turn', async () => {
  const undelete = await begin('undelete', { account: 'a1', folder: 'Back' });
  expect(await undelete.result()).toMatchObject({ restored: DELETED, filtered: ITEMS - DELETED });
  expect(readMailbox(maildir('jane'))).toHaveLength(DELETED);
  const item = await begin('itemRestore', { account: 'a1', itemId: '1500' });
  expect(await item.result()).toMatchObject({ status: 'completed', source: 1, restored: 1 });
  await replayAll(client, item.workflowId);
  const refused = [
    await begin('itemRestore', { account: 'a1', itemId: '999999' }),
    await begin('restoreOnNewAccount', {
      sourceAccount: 'nobody@x.org',
      destinationAccount: 'x@example.com',
    }),
    await begin('restoreOnNewAccount', { sourceAccount: 'a1', destinationAccount: 'jane@example.com' }),
  ];
  const types = await Promise.all(
    refused.map(async (one) => {
      const error: unknown = await one.result().catch((e: unknown) => e);
      return ((error as WorkflowFailedError).cause as ApplicationFailure).type;
    }),
  );
  expect(types).toEqual(['ItemNotFound', 'AccountNotFound', 'AccountOccupied']);
});

test('the commands: a dry run, the restore, its report', async () => {
  const env = {
    ...{ TEMPORAL_ADDRESS: address, LIFEBOAT_TASK_QUEUE: taskQueue, LIFEBOAT_HOST: taskQueue, TZ: 'UTC' },
    LIFEBOAT_STATE_DIR: bench.settings.stateDir,
  };
  const command = (...args: string[]) =>
    runCli([...args, '--backup-path', bench.store.root, '--json'], env, bench.folder);
  const dry = await command(
    'undelete',
    'a1',
    '--from',
    '09/01/2025',
    '--to',
    '10/01/2025 00:00:00',
    '--dry-run',
  );
  expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, items: DELETED, filtered: ITEMS - DELETED });
  const none = await command('undelete', 'a1', '--from', '11/01/2025', '--dry-run');
  expect(JSON.parse(none.stdout)).toMatchObject({ items: 0 });
  const target = ['--target', `maildir:${bench.mailDir}`];
  const items = await command('restore-item', 'a1', 'item:1001,', '1002', '--folder', 'Two', ...target);
  expect(items).toMatchObject({ code: 0 });
  expect(JSON.parse(items.stdout)).toMatchObject({ restored: 2, accounts: { 'jane@example.com': {} } });
  const two = readMailbox(maildir('jane')).filter((line) => line.includes(' .Two '));
  expect(two.map((line) => line.split(' ')[0]).sort()).toEqual(
    [1, 2]
      .map((i) =>
        Buffer.from(digestOf(mail(`m${i}`, 'x'.repeat(i))).replaceAll(',', '/'), 'base64').toString('hex'),
      )
      .sort(),
  );
  const occupied = await command(
    'restore-account',
    'a1',
    'jane.new@example.com',
    '--date',
    'last',
    ...target,
  );
  expect(occupied.code).toBe(2);
  expect(occupied.stdout).toContain('AccountOccupied');
});
