/** Restoring from a copy to the server that it belongs to, on the stand-in host. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import type { SameServerRestoreResult } from '../../src/contracts/same-server-restore';
import { until } from '../embedded/carbonio-kit';
import { replayAll } from '../replay/replay';
import { CopyGround } from './copy-ground';
import { ADVANCED, answer, play, statusOf, untilAsked } from './person';

jest.setTimeout(600_000);
let ground: CopyGround;
beforeAll(async () => {
  ground = await new CopyGround().open();
});
afterAll(() => ground.bench.close());
beforeEach(() => ground.bench.up.setFaults([]));

const KILLS = ['check working', 'confirm waiting', 'restore working', 'smartscan working'] as const;

test('one that lives and one that was deleted come back, the worker killed in every step; all settings too', async () => {
  const { accounts } = await ground.bench.json<{ accounts: { id: string; name: string }[] }>(
    ...['backup', 'getAvailableAccounts', 'backup_path', ground.copy],
  );
  const deleted = accounts.find(({ name }) => name === 'gone@example.com')?.id;
  const handle = await ground.begin('', {
    accounts: [
      { account: 'joe@example.com', destinationAccount: 'joe.again@example.com' },
      { account: deleted, destinationAccount: 'gone.again@example.com' },
    ],
  });
  const { questions, killed } = await play(ground.bench, handle, () => ['approve'], KILLS);
  expect(killed).toEqual(expect.arrayContaining(KILLS));
  expect(questions.map(({ step }) => step)).toEqual(['confirm']);
  expect(questions[0]?.text).toContain(`The Backup Path: ${ground.copy}`);
  const result = (await handle.result()) as SameServerRestoreResult;
  expect(result.restored.map(({ destinationAccount }) => destinationAccount)).toEqual([
    'joe.again@example.com',
    'gone.again@example.com',
  ]);
  expect(ground.bench.subjects('joe.again@example.com')).toHaveLength(20);
  expect(ground.bench.subjects('gone.again@example.com')).toEqual(['before it went']);
  expect(await ground.settings()).toEqual(ground.before);
  await replayAll(ground.bench.client, handle.workflowId);
});

/** The path is that of the copy, and the host has been asked to restore: the moment at which most can be lost. */
async function inside(name: string): Promise<WorkflowHandle> {
  ground.bench.up.setFaults([
    { operation: 'RestoreOnNewAccount', kind: 'hold', at: 'start', milliseconds: 60_000 },
  ]);
  const handle = await ground.begun(name);
  await until(async () => (await ground.settings())[0]?.includes(ground.copy));
  return handle;
}

test.each(['cancelled', 'terminated', 'terminated while no worker lives'])(
  '%s inside: all settings are back',
  async (how) => {
    const handle = await inside(`${how.replaceAll(' ', '-')}@example.com`);
    if (how === 'terminated while no worker lives') await ground.bench.worker.kill();
    await (how === 'cancelled' ? handle.cancel() : handle.terminate('test'));
    if (how === 'terminated while no worker lives') ground.bench.startWorker();
    const error = (await handle.result().catch((e: unknown) => e)) as WorkflowFailedError;
    expect(error.cause).toBeInstanceOf(how === 'cancelled' ? CancelledFailure : TerminatedFailure);
    ground.bench.up.setFaults([]);
    await ground.untilBack();
  },
);

test('an account that fails: all settings are back before people are asked; tried again, only it is restored', async () => {
  const handle = await ground.begun('', {
    accounts: [
      { account: 'joe@example.com', destinationAccount: 'joe.third@example.com' },
      { account: 'nobody@example.com', destinationAccount: 'nobody.again@example.com' },
    ],
  });
  const question = await untilAsked(handle, 'restore');
  expect(question.text).toMatch(/1 accounts could not be restored. nobody@example.com/);
  expect(await ground.settings()).toEqual(ground.before);
  expect(ground.bench.subjects('joe.third@example.com')).toHaveLength(20);
  await answer(handle, 'skip', 'restore');
  expect(await handle.result()).toMatchObject({
    status: 'partial',
    restored: [{ destinationAccount: 'joe.third@example.com' }],
    missing: ['nobody@example.com'],
  });
  await replayAll(ground.bench.client, handle.workflowId);
});

test('the restore is terminated: what it had restored is known', async () => {
  const first = ground.bench.held('RestoreOnNewAccount', 'start');
  const gate = join(ground.bench.dir, 'go-second');
  ground.bench.up.setFaults([first]);
  const handle = await ground.begun('', {
    accounts: ['fourth', 'fifth'].map((name) => ({
      account: 'joe@example.com',
      destinationAccount: `joe.${name}@example.com`,
    })),
  });
  await until(ground.works);
  ground.bench.up.setFaults([{ ...first, until: gate } as typeof first]);
  ground.bench.letGo();
  await until(async () => (await statusOf(handle))?.files.length === 1);
  await until(ground.works);
  await ground.bench.client.workflow.getHandle(`${handle.workflowId}/restore-1`).terminate('test');
  expect(await untilAsked(handle, 'restore')).toMatchObject({ kind: 'failure' });
  writeFileSync(gate, '');
  await answer(handle, 'skip', 'restore');
  expect(await handle.result()).toMatchObject({
    status: 'partial',
    restored: [{ destinationAccount: 'joe.fourth@example.com' }],
  });
  await ground.untilBack();
});

test('a copy of another server, and the own Backup Path, are refused', async () => {
  for (const [copyPath, words] of [
    [ground.bench.source, 'use disasterRecovery or externalRestore'],
    [ground.bench.up.places.backup, 'is the Backup Path of'],
  ] as const) {
    const handle = await ground.begin('x@example.com', { copyPath });
    expect(await untilAsked(handle)).toMatchObject({
      kind: 'failure',
      text: expect.stringContaining(words) as string,
    });
    await handle.terminate('seen');
  }
  const handle = await ground.bench.client.workflow.start('disasterRecovery', {
    workflowId: `own-${Math.random().toString(36).slice(2)}`,
    taskQueue: ground.bench.taskQueue,
    args: [{ oldBackupPath: ground.copy, advanced: ADVANCED }],
  });
  await untilAsked(handle, 'source');
  await answer(handle, 'approve', 'source');
  const { text } = await untilAsked(handle, 'readiness');
  expect(text).toContain(`Source: ${ground.copy} comes from ${ground.bench.up.settings.host} itself`);
  expect(text).toContain('sameServerRestore');
  await handle.terminate('seen');
});

test('an External Restore onto the server that the backup came from is refused, and names the runbook', async () => {
  for (const sourcePath of [ground.copy, ground.bench.up.places.backup]) {
    const error = (await (
      await ground.bench.begin({ sourcePath })
    )
      .result()
      .catch((e: unknown) => e)) as WorkflowFailedError;
    expect(error.cause).toMatchObject({
      type: 'SameServer',
      message: expect.stringContaining('sameServerRestore') as string,
    });
  }
});
