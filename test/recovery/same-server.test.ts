/** Restoring from a copy to the server that it belongs to, and on a clone, on the stand-in host. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import type { SameServerRestoreResult } from '../../src/contracts/same-server-restore';
import type { SnapshotRecoveryResult } from '../../src/contracts/snapshot-recovery';
import { until } from '../embedded/carbonio-kit';
import { sleep } from '../e2e/harness';
import { replayAll } from '../replay/replay';
import { EngineBench } from '../workflows/carbonio-bench';
import { play, statusOf, untilAsked } from './person';

jest.setTimeout(240_000);
let bench: EngineBench;
let copy: string;
beforeAll(async () => {
  bench = new EngineBench();
  bench.fill();
  await bench.open();
  await bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source, 'accounts', 'a2');
  await bench.carbonio('--sync', 'backup', 'doSmartScan', 'start');
  copy = join(bench.dir, 'copy');
  cpSync(bench.up.places.backup, copy, { recursive: true });
});
afterAll(() => bench.close());
beforeEach(() => bench.up.setFaults([]));

const value = async (attribute: string): Promise<string> =>
  (await bench.carbonio('config', 'get', 'server', serverName, attribute)).stdout;
let serverName: string;
let before: string[];
beforeAll(async () => {
  serverName = (await bench.carbonio('prov', 'gas')).stdout.trim();
  before = await settings();
});
/** Path, scanner and schedules, as the host tells them. */
const settings = (): Promise<string[]> =>
  Promise.all(
    ['ZxBackup_DestPath', 'ZxBackup_RealTimeScanner', 'backupSmartScanScheduler', 'backupPurgeScheduler'].map(
      value,
    ),
  );

async function begin(destinationAccount: string, request: object = {}): Promise<WorkflowHandle> {
  return bench.client.workflow.start('sameServerRestore', {
    workflowId: `same-${Math.random().toString(36).slice(2)}`,
    taskQueue: bench.taskQueue,
    args: [{ copyPath: copy, accounts: [{ account: 'joe@example.com', destinationAccount }], ...request }],
  });
}
const yes = (): readonly ['approve'] => ['approve'];

test('an account comes back from the copy, the worker killed in every step; all settings are back', async () => {
  const handle = await begin('joe.again@example.com');
  const { questions } = await play(bench, handle, yes, true);
  expect(questions.map(({ step }) => step)).toEqual(['confirm']);
  expect(questions[0]?.text).toContain(`The Backup Path: ${copy}`);
  const result = (await handle.result()) as SameServerRestoreResult;
  expect(result.restored.map(({ destinationAccount }) => destinationAccount)).toEqual([
    'joe.again@example.com',
  ]);
  expect(bench.subjects('joe.again@example.com')).toHaveLength(20);
  expect(await settings()).toEqual(before);
  await replayAll(bench.client, handle.workflowId);
});

/** The path is that of the copy, and the host has been asked to restore: the moment at which most can be lost. */
async function inside(name: string): Promise<WorkflowHandle> {
  bench.up.setFaults([{ operation: 'RestoreOnNewAccount', kind: 'hold', at: 'start', milliseconds: 60_000 }]);
  const handle = await begin(name);
  await handle.executeUpdate<string, [object]>('approve', {
    args: [{ step: (await untilAsked(handle)).step }],
  });
  await until(async () => (await value('ZxBackup_DestPath')).includes(copy));
  return handle;
}

test.each(['cancelled', 'terminated', 'terminated while no worker lives'])(
  '%s inside: all settings are back',
  async (how) => {
    const handle = await inside(`${how.replaceAll(' ', '-')}@example.com`);
    if (how === 'terminated while no worker lives') await bench.worker.kill();
    await (how === 'cancelled' ? handle.cancel() : handle.terminate('test'));
    if (how === 'terminated while no worker lives') bench.startWorker();
    const error = (await handle.result().catch((e: unknown) => e)) as WorkflowFailedError;
    expect(error.cause).toBeInstanceOf(how === 'cancelled' ? CancelledFailure : TerminatedFailure);
    bench.up.setFaults([]);
    while (JSON.stringify(await settings()) !== JSON.stringify(before)) await sleep(200);
  },
);

test('an account that fails: all settings are back before people are asked; tried again, only it is restored', async () => {
  const handle = await begin('joe.third@example.com', {
    accounts: [
      { account: 'joe@example.com', destinationAccount: 'joe.third@example.com' },
      { account: 'nobody@example.com', destinationAccount: 'nobody.again@example.com' },
    ],
  });
  await handle.executeUpdate<string, [object]>('approve', {
    args: [{ step: (await untilAsked(handle)).step }],
  });
  const question = await untilAsked(handle, 'restore');
  expect(question.text).toMatch(/1 accounts could not be restored. nobody@example.com/);
  expect(await settings()).toEqual(before);
  expect(bench.subjects('joe.third@example.com')).toHaveLength(20);
  await handle.executeUpdate<string, [object]>('skip', { args: [{ step: 'restore' }] });
  expect(await handle.result()).toMatchObject({
    status: 'partial',
    restored: [{ destinationAccount: 'joe.third@example.com' }],
    missing: ['nobody@example.com'],
  });
  await replayAll(bench.client, handle.workflowId);
});

test('the restore is terminated: what it had restored is known', async () => {
  const first = bench.held('RestoreOnNewAccount', 'start');
  const gate = join(bench.dir, 'go-second');
  bench.up.setFaults([first]);
  const handle = await begin('joe.fourth@example.com', {
    accounts: ['fourth', 'fifth'].map((name) => ({
      account: 'joe@example.com',
      destinationAccount: `joe.${name}@example.com`,
    })),
  });
  await handle.executeUpdate<string, [object]>('approve', {
    args: [{ step: (await untilAsked(handle)).step }],
  });
  const works = async (): Promise<boolean> =>
    (await bench.json('backup', 'getAllOperations')).operationList.length > 0;
  await until(works);
  bench.up.setFaults([{ ...first, until: gate } as typeof first]);
  bench.letGo();
  await until(async () => (await statusOf(handle))?.files.length === 1);
  await until(works);
  await bench.client.workflow.getHandle(`${handle.workflowId}/restore-1`).terminate('test');
  expect(await untilAsked(handle, 'restore')).toMatchObject({ kind: 'failure' });
  writeFileSync(gate, '');
  await handle.executeUpdate<string, [object]>('skip', { args: [{ step: 'restore' }] });
  expect(await handle.result()).toMatchObject({
    status: 'partial',
    restored: [{ destinationAccount: 'joe.fourth@example.com' }],
  });
  while (JSON.stringify(await settings()) !== JSON.stringify(before)) await sleep(200);
});

test('a copy of another server, and the own Backup Path, are refused', async () => {
  for (const [copyPath, words] of [
    [bench.source, 'use disasterRecovery or externalRestore'],
    [bench.up.places.backup, 'is the Backup Path of'],
  ] as const) {
    const handle = await begin('x@example.com', { copyPath });
    expect(await untilAsked(handle)).toMatchObject({
      kind: 'failure',
      text: expect.stringContaining(words) as string,
    });
    await handle.terminate('seen');
  }
});

test('an External Restore onto the server that the backup came from is refused, and names the runbook', async () => {
  for (const sourcePath of [copy, bench.up.places.backup]) {
    const error = (await (
      await bench.begin({ sourcePath })
    )
      .result()
      .catch((e: unknown) => e)) as WorkflowFailedError;
    expect(error.cause).toMatchObject({
      type: 'SameServer',
      message: expect.stringContaining('sameServerRestore') as string,
    });
  }
});

test('snapshot recovery: confirmed, restored twice, handed over; the own path is refused', async () => {
  const begun = (sourcePath: string): Promise<WorkflowHandle> =>
    bench.client.workflow.start('snapshotRecovery', {
      workflowId: `snapshot-${Math.random().toString(36).slice(2)}`,
      taskQueue: bench.taskQueue,
      args: [
        {
          sourcePath,
          restore: { engine: 'carbonio', carbonio: { pollSeconds: 0.3, settleSeconds: 8, graceSeconds: 2 } },
        },
      ],
    });
  const refused = await begun(bench.up.places.backup);
  await refused.executeUpdate<string, [object]>('approve', {
    args: [{ step: (await untilAsked(refused, 'isolation')).step, choice: ['the clone is isolated'] }],
  });
  expect((await untilAsked(refused, 'source')).text).toContain('mount it on another path');
  await refused.terminate('seen');

  // what the snapshot lacks
  await bench.carbonio('prov', 'da', 'joe@example.com');
  const handle = await begun(copy);
  let rounds = 0;
  await play(
    bench,
    handle,
    ({ step, options }) => {
      if (step === 'restore') return ['approve', [options[rounds++ === 0 ? 0 : 1] ?? '']];
      return ['approve', options.slice(0, 1)];
    },
    false,
  );
  const result = (await handle.result()) as SnapshotRecoveryResult;
  expect(result).toMatchObject({ rounds: 2, restored: 20, unrestored: 0 });
  expect(bench.subjects('joe@example.com')).toHaveLength(20);
});
