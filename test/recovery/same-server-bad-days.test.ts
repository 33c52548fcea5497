/** Bad days of a restore to the same server: lost operations, a copy that changes, a path that does not go back. */
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { until } from '../embedded/carbonio-kit';
import { SERVER_ID } from '../restore/store';
import { CopyGround } from './copy-ground';
import { ADVANCED, answer, statusOf, untilAsked } from './person';

jest.setTimeout(600_000);
let ground: CopyGround;
beforeAll(async () => {
  ground = await new CopyGround().open();
});
afterAll(() => ground.bench.close());
beforeEach(() => ground.bench.up.setFaults([]));

test('an outcome that is not known: no further account is begun, all is back, and people are asked', async () => {
  await until(async () => !(await ground.works()));
  ground.bench.up.setFaults([{ kind: 'vanish', operation: 'RestoreOnNewAccount', at: 'end', times: 1 }]);
  const handle = await ground.begun('', {
    accounts: ['sixth', 'seventh'].map((name) => ({
      account: 'joe@example.com',
      destinationAccount: `joe.${name}@example.com`,
    })),
  });
  const { text } = await untilAsked(handle, 'restore');
  expect(text).toContain('2 accounts could not be restored.');
  expect(text).toMatch(/joe@example.com: doRestoreOnNewAccount was started 1 times.*never ended/);
  expect(text).toContain('It was not begun: what became of joe@example.com is not known.');
  expect(await ground.settings()).toEqual(ground.before);
  expect((await ground.bench.carbonio('prov', 'gaa')).stdout).not.toContain('joe.seventh');
  await answer(handle, 'skip', 'restore');
  expect(await handle.result()).toMatchObject({
    status: 'partial',
    restored: [],
    missing: ['joe@example.com', 'joe@example.com'],
  });
});

test('the copy is of another server when its turn has come: refused, and nothing was changed', async () => {
  const another = join(ground.bench.dir, 'another');
  cpSync(ground.copy, another, { recursive: true });
  ground.bench.up.setFaults([ground.bench.held('SmartScan', 'start')]);
  const busy = await ground.bench.client.workflow.start('smartScan', {
    workflowId: `busy-${Math.random().toString(36).slice(2)}`,
    taskQueue: ground.bench.taskQueue,
    args: [{ advanced: ADVANCED }],
  });
  await until(ground.works);
  // the own one is lost: nothing here says whose the copy should be
  const aside = join(ground.bench.dir, 'aside');
  renameSync(ground.bench.up.places.backup, aside);
  const handle = await ground.begin('joe.eighth@example.com', { copyPath: another });
  expect((await untilAsked(handle, 'confirm')).text).toContain(
    'that it is of the same server is for you to know',
  );
  await answer(handle, 'approve', 'confirm');
  const marker = join(another, 'backup.json');
  const { serverId } = JSON.parse(readFileSync(marker, 'utf8')) as { serverId: string };
  writeFileSync(marker, readFileSync(marker, 'utf8').replace(serverId, SERVER_ID));
  await busy.cancel();
  const { text } = await untilAsked(handle, 'restore');
  renameSync(aside, ground.bench.up.places.backup);
  expect(text).toContain(`${another} is of another server than when it was looked at.`);
  expect(await ground.settings()).toEqual(ground.before);
  await handle.terminate('seen');
});

test('a path that cannot be put back yet: scanner and schedules stay off, people are asked, the guards go on', async () => {
  ground.bench.up.setFaults([ground.bench.held('RestoreOnNewAccount', 'start')]);
  const handle = await ground.begun('joe.ninth@example.com');
  await until(ground.works);
  const off = await ground.settings();
  expect(off[0]).toContain(ground.copy);
  ground.bench.up.setFaults([{ kind: 'garble', command: 'config get', text: 'not now\n' }]);
  ground.bench.letGo();
  // a way back is tried for minutes before the guard has it alone; a person would wait
  const restore = ground.bench.client.workflow.getHandle(`${handle.workflowId}/restore-1`);
  const asked = await until(async () => {
    await hurry(restore);
    return (await statusOf(handle))?.question ?? false;
  });
  expect(asked).toMatchObject({ step: 'restore', kind: 'failure' });
  expect(asked.text).toContain('The Backup Path could not be put back yet');
  ground.bench.up.setFaults([]);
  await ground.untilBack();
  expect(ground.bench.subjects('joe.ninth@example.com')).toHaveLength(20);
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
      await ground.bench.client.workflowService
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
