/** Scanner and schedules are off while the mail host restores, and back afterwards, whatever happens. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { ExternalRestoreRequest } from '../../src/contracts/external-restore';
import { start } from '../client/cli';
import { until } from '../embedded/carbonio-kit';
import { accountInfo } from '../restore/store';
import { EngineBench } from './carbonio-bench';

jest.setTimeout(180_000);
const SCANNER = 'ZxBackup_RealTimeScanner';
const SCAN = 'backupSmartScanScheduler';
const PURGE = 'backupPurgeScheduler';
const OWN = '{"cron-enabled":true,"cron-pattern":"9 9 * * *"}';
/** As a person has set them: one is inherited, one is the server's own. */
const BEFORE = {
  [SCANNER]: 'TRUE inherited',
  [SCAN]: OWN,
  [PURGE]: expect.stringMatching(/true.* inherited/),
};
const OFF = /"cron-enabled":false/;
const PAUSED = {
  [SCANNER]: 'FALSE',
  [SCAN]: expect.stringMatching(OFF),
  [PURGE]: expect.stringMatching(OFF),
};

let bench: EngineBench;
beforeAll(async () => {
  bench = new EngineBench();
  for (const [id, domain] of [
    ['a1', 'one.example'],
    ['a2', 'two.example'],
  ] as const) {
    bench.store.writer.account(accountInfo(id, `jane@${domain}`));
    bench.messages(id, 3);
  }
  await bench.open();
  await config('set', SCAN, OWN);
});
afterAll(() => bench.close());
beforeEach(() => bench.up.setFaults([bench.held('ExternalRestore', 'phase1')]));
afterEach(async () => {
  bench.up.setFaults([]);
  await isBack();
  await bench.replay();
});

const config = (verb: string, attribute: string, ...value: string[]): Promise<unknown> =>
  bench.carbonio('config', verb, 'server', bench.up.settings.host, attribute, ...value);

async function settings(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const key of [SCANNER, SCAN, PURGE]) {
    const { values } = await bench.json<{ values: { value: string; isInherited: boolean }[] }>(
      ...['config', 'get', 'server', bench.up.settings.host, key],
    );
    found[key] = `${values[0]?.value}${values[0]?.isInherited ? ' inherited' : ''}`;
  }
  return found;
}

const journal = (): string[] =>
  readdirSync(`${bench.state}.journal`).filter((name) => name.endsWith('.json'));

/** Nothing is on record any more, and everything is as it was. */
async function isBack(): Promise<void> {
  await until(() => journal().length === 0);
  expect(await settings()).toEqual(BEFORE);
}

/** Begins a restore, and answers when the host works on it, everything switched off. */
async function paused({ carbonio, ...more }: Partial<ExternalRestoreRequest> = {}): Promise<WorkflowHandle> {
  const handle = await bench.begin({
    provisioningOnly: true,
    ...more,
    carbonio: { pauseSchedules: 'auto', ...carbonio },
  });
  await until(async () => (await onHost(handle)) !== null);
  return handle;
}

const onHost = async (handle: WorkflowHandle): Promise<string | null> =>
  (await handle.query<{ onHost: string | null }>('status')).onHost;

type Result = { reportDir: string };
const notesIn = ({ reportDir }: Result): string =>
  (JSON.parse(readFileSync(join(reportDir, 'report.json'), 'utf8')) as { notes: string[] }).notes.join('\n');

/** As a person does. */
async function revert(slot: string): Promise<void> {
  const env = { ...bench.up.env, LIFEBOAT_JOURNAL_DIR: `${bench.state}.journal` };
  const ended = await start(['overrides', 'revert', slot], { ...env, LIFEBOAT_HOST: bench.taskQueue }).ended;
  expect(ended.stderr).toContain(slot);
}

test('over any number of runs, also when its worker is killed; back at the end, and told', async () => {
  bench.up.setFaults([bench.held('ExternalRestore', 'items')]);
  const advanced = { continueAsNewAfterEvents: 20, sliceSeconds: 0.1 };
  const handle = await paused({ advanced, provisioningOnly: false, carbonio: { batchAccounts: 1 } });
  expect(await settings()).toEqual(PAUSED);
  const first = await handle.describe();
  const entry = (): string => readFileSync(join(`${bench.state}.journal`, 'real-time-scanner.json'), 'utf8');
  const journalled = entry();
  await until(async () => (await handle.describe()).runId !== first.runId);
  await bench.worker.kill();
  bench.startWorker();
  const second = await handle.describe();
  await until(async () => (await handle.describe()).runId !== second.runId);
  expect(await settings()).toEqual(PAUSED);
  expect(entry()).toBe(journalled);
  // what a person puts back stays so in the runs that follow
  await revert('purge-schedule');
  const third = await handle.describe();
  await until(async () => (await handle.describe()).runId !== third.runId);
  bench.letGo();
  const result = (await handle.result()) as Result;
  expect(result).toMatchObject({ restored: 6, skipped: 0, unrestored: 0 });
  expect(await settings()).toEqual(BEFORE);
  const notes = notesIn(result);
  expect(notes).toMatch(/Real Time Scanner was switched off .* went back to what it was: not set/);
  expect(notes).toContain('purge could not be kept off meanwhile');
  expect(notes).toContain(`went back to what it was: ${OWN}`);
  expect(notes).toContain('doSmartScan start');
  // the accounts, and one batch for each: nothing was started again by a later run
  expect(await bench.restores()).toEqual(['Successful', 'Successful', 'Successful']);
});

test('at the deadline they go back, and the restore goes on', async () => {
  const handle = await paused({ carbonio: { pauseDeadlineSeconds: 1 } });
  await isBack();
  expect(await bench.names()).toHaveLength(1);
  bench.letGo();
  expect(notesIn((await handle.result()) as Result)).toMatch(
    /went back at its deadline, while the restore went on/,
  );
});

test('cancelled: first the operation on the host is stopped, then they go back', async () => {
  const handle = await paused();
  await handle.cancel();
  await handle.result().catch(() => undefined);
  expect(await bench.names()).toEqual([]);
  expect(await settings()).toEqual(BEFORE);
});

test('reset to its very beginning: the originals are those of the journal', async () => {
  const handle = await paused();
  const { runId } = await handle.describe();
  await bench.client.workflow.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId },
    reason: 'test',
    workflowTaskFinishEventId: 4 as never,
    requestId: handle.workflowId,
  });
  const again = bench.client.workflow.getHandle(handle.workflowId);
  await until(async () => (await onHost(again).catch(() => null)) !== null);
  expect(await settings()).toEqual(PAUSED);
  bench.letGo();
  expect(notesIn((await again.result()) as Result)).toContain(`went back to what it was: ${OWN}`);
});

test('terminated: the guards put them back', async () => {
  const handle = await paused();
  await handle.terminate();
  await isBack();
  bench.letGo();
  await until(async () => (await bench.names()).length === 0);
});

test('what cannot be changed is told, and what somebody else has set meanwhile stays', async () => {
  bench.up.setFaults([
    bench.held('ExternalRestore', 'phase1'),
    { kind: 'exit', command: 'config set', code: 1, times: 1 },
    { kind: 'garble', command: 'config set', times: 1 },
  ]);
  const handle = await paused();
  expect((await settings())[SCANNER]).toBe(BEFORE[SCANNER]);
  const theirs = '{"cron-enabled":true,"cron-pattern":"7 7 * * *"}';
  await config('set', PURGE, theirs);
  bench.letGo();
  const notes = notesIn((await handle.result()) as Result);
  expect(notes).toMatch(/Real Time Scanner could not be switched off meanwhile: ./);
  expect(notes).toContain(`somebody else has changed it since to ${theirs}, and it stays so`);
  expect((await settings())[PURGE]).toBe(theirs);
  await revert('purge-schedule');
  await config('unset', PURGE);
});
