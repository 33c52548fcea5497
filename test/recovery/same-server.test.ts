/** Restoring from a copy to the server that it belongs to, and on a clone, on the stand-in host. */
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time';
import type { SameServerRestoreResult } from '../../src/contracts/same-server-restore';
import type { SnapshotRecoveryResult } from '../../src/contracts/snapshot-recovery';
import { until } from '../embedded/carbonio-kit';
import { sleep } from '../e2e/harness';
import { mail, SERVER_ID } from '../restore/store';
import { replayAll } from '../replay/replay';
import { EngineBench } from '../workflows/carbonio-bench';
import { ADVANCED, answer, HASTY, play, QUICK, settingsOf, statusOf, untilAsked } from './person';

jest.setTimeout(240_000);
let bench: EngineBench;
let copy: string;
beforeAll(async () => {
  bench = new EngineBench();
  bench.fill();
  await bench.open();
  await bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source, 'accounts', 'a2');
  await bench.carbonio('prov', 'ca', 'gone@example.com', 'x');
  await bench.deliver('gone@example.com', mail('before it went'));
  await bench.carbonio('--sync', 'backup', 'doSmartScan', 'start');
  await bench.carbonio('prov', 'da', 'gone@example.com');
  await bench.carbonio('--sync', 'backup', 'doSmartScan', 'start');
  before = await settings();
  copy = join(bench.dir, 'copy');
  cpSync(bench.up.places.backup, copy, { recursive: true });
});
afterAll(() => bench.close());
beforeEach(() => bench.up.setFaults([]));

let before: string[];
const settings = (): Promise<string[]> => settingsOf(bench);
const works = async (): Promise<boolean> =>
  (await bench.json('backup', 'getAllOperations')).operationList.length > 0;
const untilBack = async (): Promise<void> => {
  while (JSON.stringify(await settings()) !== JSON.stringify(before)) await sleep(200);
};

async function begin(destinationAccount: string, request: object = {}): Promise<WorkflowHandle> {
  return bench.client.workflow.start('sameServerRestore', {
    workflowId: `same-${Math.random().toString(36).slice(2)}`,
    taskQueue: bench.taskQueue,
    ...HASTY,
    args: [
      {
        copyPath: copy,
        accounts: [{ account: 'joe@example.com', destinationAccount }],
        advanced: ADVANCED,
        ...request,
      },
    ],
  });
}
const yes = (): readonly ['approve'] => ['approve'];

/** Agrees to what will be changed. */
async function begun(destinationAccount: string, request: object = {}): Promise<WorkflowHandle> {
  const handle = await begin(destinationAccount, request);
  await untilAsked(handle, 'confirm');
  await answer(handle, 'approve', 'confirm');
  return handle;
}

const KILLS = ['check working', 'confirm waiting', 'restore working', 'smartscan working'] as const;

test('one that lives and one that was deleted come back, the worker killed in every step; all settings too', async () => {
  const { accounts } = await bench.json<{ accounts: { id: string; name: string }[] }>(
    ...['backup', 'getAvailableAccounts', 'backup_path', copy],
  );
  const deleted = accounts.find(({ name }) => name === 'gone@example.com')?.id;
  const handle = await begin('', {
    accounts: [
      { account: 'joe@example.com', destinationAccount: 'joe.again@example.com' },
      { account: deleted, destinationAccount: 'gone.again@example.com' },
    ],
  });
  const { questions, killed } = await play(bench, handle, yes, KILLS);
  expect(killed).toEqual(expect.arrayContaining(KILLS));
  expect(questions.map(({ step }) => step)).toEqual(['confirm']);
  expect(questions[0]?.text).toContain(`The Backup Path: ${copy}`);
  const result = (await handle.result()) as SameServerRestoreResult;
  expect(result.restored.map(({ destinationAccount }) => destinationAccount)).toEqual([
    'joe.again@example.com',
    'gone.again@example.com',
  ]);
  expect(bench.subjects('joe.again@example.com')).toHaveLength(20);
  expect(bench.subjects('gone.again@example.com')).toEqual(['before it went']);
  expect(await settings()).toEqual(before);
  await replayAll(bench.client, handle.workflowId);
});

/** The path is that of the copy, and the host has been asked to restore: the moment at which most can be lost. */
async function inside(name: string): Promise<WorkflowHandle> {
  bench.up.setFaults([{ operation: 'RestoreOnNewAccount', kind: 'hold', at: 'start', milliseconds: 60_000 }]);
  const handle = await begun(name);
  await until(async () => (await settings())[0]?.includes(copy));
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
    await untilBack();
  },
);

test('an account that fails: all settings are back before people are asked; tried again, only it is restored', async () => {
  const handle = await begun('', {
    accounts: [
      { account: 'joe@example.com', destinationAccount: 'joe.third@example.com' },
      { account: 'nobody@example.com', destinationAccount: 'nobody.again@example.com' },
    ],
  });
  const question = await untilAsked(handle, 'restore');
  expect(question.text).toMatch(/1 accounts could not be restored. nobody@example.com/);
  expect(await settings()).toEqual(before);
  expect(bench.subjects('joe.third@example.com')).toHaveLength(20);
  await answer(handle, 'skip', 'restore');
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
  const handle = await begun('', {
    accounts: ['fourth', 'fifth'].map((name) => ({
      account: 'joe@example.com',
      destinationAccount: `joe.${name}@example.com`,
    })),
  });
  await until(works);
  bench.up.setFaults([{ ...first, until: gate } as typeof first]);
  bench.letGo();
  await until(async () => (await statusOf(handle))?.files.length === 1);
  await until(works);
  await bench.client.workflow.getHandle(`${handle.workflowId}/restore-1`).terminate('test');
  expect(await untilAsked(handle, 'restore')).toMatchObject({ kind: 'failure' });
  writeFileSync(gate, '');
  await answer(handle, 'skip', 'restore');
  expect(await handle.result()).toMatchObject({
    status: 'partial',
    restored: [{ destinationAccount: 'joe.fourth@example.com' }],
  });
  await untilBack();
});

test('an outcome that is not known: no further account is begun, all is back, and people are asked', async () => {
  await until(async () => !(await works()));
  bench.up.setFaults([{ kind: 'vanish', operation: 'RestoreOnNewAccount', at: 'end', times: 1 }]);
  const handle = await begun('', {
    accounts: ['sixth', 'seventh'].map((name) => ({
      account: 'joe@example.com',
      destinationAccount: `joe.${name}@example.com`,
    })),
  });
  const { text } = await untilAsked(handle, 'restore');
  expect(text).toContain('2 accounts could not be restored.');
  expect(text).toMatch(/joe@example.com: doRestoreOnNewAccount was started 1 times.*never ended/);
  expect(text).toContain('It was not begun: what became of joe@example.com is not known.');
  expect(await settings()).toEqual(before);
  expect((await bench.carbonio('prov', 'gaa')).stdout).not.toContain('joe.seventh');
  await answer(handle, 'skip', 'restore');
  expect(await handle.result()).toMatchObject({
    status: 'partial',
    restored: [],
    missing: ['joe@example.com', 'joe@example.com'],
  });
});

test('the copy is of another server when its turn has come: refused, and nothing was changed', async () => {
  const another = join(bench.dir, 'another');
  cpSync(copy, another, { recursive: true });
  bench.up.setFaults([bench.held('SmartScan', 'start')]);
  const busy = await bench.client.workflow.start('smartScan', {
    workflowId: `busy-${Math.random().toString(36).slice(2)}`,
    taskQueue: bench.taskQueue,
    args: [{ advanced: ADVANCED }],
  });
  await until(works);
  // the own one is lost: nothing here says whose the copy should be
  const aside = join(bench.dir, 'aside');
  renameSync(bench.up.places.backup, aside);
  const handle = await begin('joe.eighth@example.com', { copyPath: another });
  expect((await untilAsked(handle, 'confirm')).text).toContain(
    'that it is of the same server is for you to know',
  );
  await answer(handle, 'approve', 'confirm');
  const marker = join(another, 'backup.json');
  const { serverId } = JSON.parse(readFileSync(marker, 'utf8')) as { serverId: string };
  writeFileSync(marker, readFileSync(marker, 'utf8').replace(serverId, SERVER_ID));
  await busy.cancel();
  const { text } = await untilAsked(handle, 'restore');
  renameSync(aside, bench.up.places.backup);
  expect(text).toContain(`${another} is of another server than when it was looked at.`);
  expect(await settings()).toEqual(before);
  await handle.terminate('seen');
});

test('a path that cannot be put back yet: scanner and schedules stay off, people are asked, the guards go on', async () => {
  bench.up.setFaults([bench.held('RestoreOnNewAccount', 'start')]);
  const handle = await begun('joe.ninth@example.com');
  await until(works);
  const off = await settings();
  expect(off[0]).toContain(copy);
  bench.up.setFaults([{ kind: 'garble', command: 'config get', text: 'not now\n' }]);
  bench.letGo();
  // a way back is tried for minutes before the guard has it alone; a person would wait
  const restore = bench.client.workflow.getHandle(`${handle.workflowId}/restore-1`);
  const asked = await until(async () => {
    await hurry(restore);
    return (await statusOf(handle))?.question ?? false;
  });
  expect(asked).toMatchObject({ step: 'restore', kind: 'failure' });
  expect(asked.text).toContain('The Backup Path could not be put back yet');
  bench.up.setFaults([]);
  await untilBack();
  expect(bench.subjects('joe.ninth@example.com')).toHaveLength(20);
  await answer(handle, 'retry', 'restore');
  expect(await handle.result()).toMatchObject({
    status: 'completed',
    restored: [{ destinationAccount: 'joe.ninth@example.com' }],
  });
});

/** No time is left for what a workflow tries to put back. */
async function hurry(handle: WorkflowHandle): Promise<void> {
  const { raw } = await handle.describe();
  for (const { activityId, activityType } of raw.pendingActivities ?? [])
    if (activityType?.name === 'revertOverride')
      await bench.client.workflowService
        .updateActivityOptions({
          namespace: 'default',
          execution: { workflowId: handle.workflowId },
          id: activityId,
          activityOptions: { scheduleToCloseTimeout: msToTs('1 second') },
          updateMask: { paths: ['schedule_to_close_timeout'] },
        })
        // it has just ended
        .catch(() => undefined);
}

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
  const handle = await bench.client.workflow.start('disasterRecovery', {
    workflowId: `own-${Math.random().toString(36).slice(2)}`,
    taskQueue: bench.taskQueue,
    args: [{ oldBackupPath: copy, advanced: ADVANCED }],
  });
  await untilAsked(handle, 'source');
  await answer(handle, 'approve', 'source');
  const { text } = await untilAsked(handle, 'readiness');
  expect(text).toContain(`Source: ${copy} comes from ${bench.up.settings.host} itself`);
  expect(text).toContain('sameServerRestore');
  await handle.terminate('seen');
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

const CLONE_KILLS = [
  ...(['isolation waiting', 'source working', 'restore working', 'restore waiting'] as const),
  ...(['checks working', 'handover waiting'] as const),
];

test('snapshot recovery: the worker killed in every step, restored twice; the own path is refused', async () => {
  const snapshot = (sourcePath: string): Promise<WorkflowHandle> =>
    bench.client.workflow.start('snapshotRecovery', {
      workflowId: `snapshot-${Math.random().toString(36).slice(2)}`,
      taskQueue: bench.taskQueue,
      ...HASTY,
      args: [{ sourcePath, restore: { engine: 'carbonio', carbonio: QUICK }, advanced: ADVANCED }],
    });
  const refused = await snapshot(bench.up.places.backup);
  await untilAsked(refused, 'isolation');
  await answer(refused, 'approve', 'isolation', ['the clone is isolated']);
  expect((await untilAsked(refused, 'source')).text).toContain('mount it on another path');
  await refused.terminate('seen');

  // what the snapshot lacks
  await bench.carbonio('prov', 'da', 'joe@example.com');
  const handle = await snapshot(copy);
  let rounds = 0;
  const { questions, killed } = await play(
    bench,
    handle,
    ({ step, options }) => {
      if (step === 'restore') return ['approve', [options[rounds++ === 0 ? 0 : 1] ?? '']];
      return ['approve', options.slice(0, 1)];
    },
    CLONE_KILLS,
  );
  expect(questions.map(({ step }) => step)).toEqual(['isolation', 'restore', 'restore', 'handover']);
  expect(questions[0]?.text).toContain('no mail comes in or goes out');
  expect(questions[3]?.text).toContain('open the network');
  expect(killed).toEqual(expect.arrayContaining(CLONE_KILLS));
  const result = (await handle.result()) as SnapshotRecoveryResult;
  expect(result).toMatchObject({ rounds: 2, restored: 20, unrestored: 0 });
  expect(bench.subjects('joe@example.com')).toHaveLength(20);
  const steps = new Map((await statusOf(handle))?.steps.map(({ name, text }) => [name, text]));
  expect(steps.get('checks')).toMatch(/All \d+ accounts are there, says the mail host/);
  expect(await settings()).toEqual(before);
  await replayAll(bench.client, handle.workflowId);
});
