/** The workflow `exportBackup` by the engine direct: a real server, a worker that is killed. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { DirectExportResult } from '../../src/contracts/host-operations';
import { run as runCli } from '../client/cli';
import { connect, sleep, spawnWorker, type TestWorker } from '../e2e/harness';
import { ExportBench, lackedBy } from '../export/kit';
import { replayAll } from '../replay/replay';
import { accountInfo, mail } from '../restore/store';

const taskQueue = 'export-test';
const ACCOUNTS = 4;
const EACH = 120;
const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
let bench: ExportBench;
let client: Client;
let worker: TestWorker | undefined;

beforeAll(async () => {
  bench = new ExportBench();
  for (let a = 0; a < ACCOUNTS; a++) {
    bench.store.writer.account(accountInfo(`a${a}`, `user${a}@example.com`));
    for (let i = 0; i < EACH; i++) bench.store.message(`a${a}`, 300 + i, mail(`m${a} ${i}`));
  }
  bench.store.writer.serverConfig(
    {
      ...{ server: { name: 'mail', attributes: {} }, global: { attributes: {} }, coses: [] },
      ...{ domains: [{ id: 'd', name: 'example.com', attributes: {} }], distributionLists: [] },
    },
    new Date(0),
  );
  mkdirSync(bench.stateDir);
  client = await connect(address);
});
afterAll(async () => {
  await worker?.kill();
  await client.connection.close();
  bench.remove();
});

const newWorker = (): TestWorker => spawnWorker({ address, stateDir: bench.stateDir, taskQueue });
const begin = (input: object = {}) =>
  client.workflow.start('exportBackup', {
    ...{ taskQueue, workflowId: `export-${Math.random().toString(36).slice(2)}` },
    args: [{ sourcePath: bench.store.root, destinationPath: bench.destination, ...input }],
  });

/** Metadata files of items that are in the export. */
function exported(): number {
  const accounts = join(bench.destination, 'accounts');
  if (!existsSync(accounts)) return 0;
  return readdirSync(accounts, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\/\d\d\/\d+$/.test(path),
  ).length;
}

test('killed twice, it never names a blob that it lacks, and is whole in the end', async () => {
  const advanced = { heartbeatSeconds: 2, sliceSeconds: 0.3, continueAsNewAfterEvents: 25 };
  const handle = await begin({ verify: true, advanced });
  let done = false;
  const result = handle.result().finally(() => (done = true)) as Promise<DirectExportResult>;
  for (let kills = 0; kills < 2 && !done; kills++) {
    worker = newWorker();
    const before = exported();
    while (exported() === before && !done) await sleep(10);
    await worker.kill();
    expect(lackedBy(bench.destination)).toEqual([]);
  }
  worker = newWorker();
  const { status, items, written, unchanged, damaged, verified } = await result;
  expect({ status, items, damaged, verified }).toEqual({
    ...{ status: 'completed', items: ACCOUNTS * EACH, damaged: 0, verified: 0 },
  });
  // what was written after the last mark of progress before a kill is found there
  expect(written + unchanged).toBe(ACCOUNTS * EACH);
  expect(lackedBy(bench.destination)).toEqual([]);
  await replayAll(client, handle.workflowId);
  expect(await handle.query('status')).toMatchObject({ phase: 'ended', accountsDone: ACCOUNTS });
});

test('a mistake is told at once; the command', async () => {
  const error: unknown = await (await begin({ accounts: ['no@x.org'] })).result().catch((e: unknown) => e);
  expect(((error as WorkflowFailedError).cause as ApplicationFailure).type).toBe('AccountNotFound');
  const env = {
    ...{ TEMPORAL_ADDRESS: address, LIFEBOAT_TASK_QUEUE: taskQueue, LIFEBOAT_HOST: taskQueue },
    LIFEBOAT_STATE_DIR: bench.stateDir,
  };
  const args = ['export', 'store', 'one', '--accounts', 'user1@example.com'];
  const made = await runCli([...args, '--json'], env, bench.folder);
  expect(made).toMatchObject({ code: 0 });
  expect(JSON.parse(made.stdout)).toMatchObject({ status: 'completed', accounts: 1, written: EACH });
  const { operationId } = JSON.parse(made.stdout) as { operationId: string };
  const shown = await runCli(['status', operationId], env, bench.folder);
  expect(shown.stdout).toContain('Export completed.');
  bench.store.dropBlob(bench.store.message('a1', 900, mail('lost')));
  const again = await runCli(args, env, bench.folder);
  expect(again.code).toBe(3);
  expect(again.stdout).toMatch(/121 in the source: 0 written, 120 unchanged, 1 damaged/);
});
