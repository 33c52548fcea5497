/** A clone of a virtual machine gets what its snapshot lacks, on the stand-in host. */
import type { WorkflowHandle } from '@temporalio/client';
import type { SnapshotRecoveryResult } from '../../src/contracts/snapshot-recovery';
import { replayAll } from '../replay/replay';
import { CopyGround } from './copy-ground';
import { answer, beginRunbook, play, QUICK, statusOf, untilAsked } from './person';

jest.setTimeout(600_000);
let ground: CopyGround;
beforeAll(async () => {
  ground = await new CopyGround().open();
});
afterAll(() => ground.bench.close());
beforeEach(() => ground.bench.up.setFaults([]));

const CLONE_KILLS = [
  ...(['isolation waiting', 'source working', 'restore working', 'restore waiting'] as const),
  ...(['checks working', 'handover waiting'] as const),
];

test('snapshot recovery: the worker killed in every step, restored twice; the own path is refused', async () => {
  const snapshot = (sourcePath: string): Promise<WorkflowHandle> =>
    beginRunbook(ground.bench, 'snapshotRecovery', {
      sourcePath,
      restore: { engine: 'carbonio', carbonio: QUICK },
    });
  const refused = await snapshot(ground.bench.up.places.backup);
  await untilAsked(refused, 'isolation');
  await answer(refused, 'approve', 'isolation', ['the clone is isolated']);
  expect((await untilAsked(refused, 'source')).text).toContain('mount it on another path');
  await refused.terminate('seen');

  // what the snapshot lacks
  await ground.bench.carbonio('prov', 'da', 'joe@example.com');
  const handle = await snapshot(ground.copy);
  let rounds = 0;
  const { questions, killed } = await play(
    ground.bench,
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
  expect(ground.bench.subjects('joe@example.com')).toHaveLength(20);
  const steps = new Map((await statusOf(handle))?.steps.map(({ name, text }) => [name, text]));
  expect(steps.get('checks')).toMatch(/All \d+ accounts are there, says the mail host/);
  expect(await ground.settings()).toEqual(ground.before);
  await replayAll(ground.bench.client, handle.workflowId);
});
