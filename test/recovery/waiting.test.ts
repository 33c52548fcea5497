/** How a runbook waits: it tells, reminds, holds up nobody, and is cancelled; and what it asks when its restore is not proved. */
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { DisasterRecoveryRequest } from '../../src/contracts/disaster-recovery';
import { approvalExample } from '../../src/contracts/runbook';
import { until } from '../embedded/carbonio-kit';
import { header, openSmtp, type Smtp } from '../mailer/smtp';
import { replayAll } from '../replay/replay';
import { accountInfo } from '../restore/store';
import { EngineBench } from '../workflows/carbonio-bench';
import {
  ADVANCED,
  answer,
  beginRunbook,
  QUICK,
  settingsOf,
  statusOf,
  untilAsked,
  untilWorks,
} from './person';

jest.setTimeout(600_000);
let bench: EngineBench;
let before: string[];
let mailServer: Smtp;
/** What each mail waits for, and how many have come so far. */
let gate: Promise<void> = Promise.resolve();
let senders = 0;
const QUOTA = { zimbraMailQuota: '1073741824' };

beforeAll(async () => {
  bench = new EngineBench();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com', { attributes: QUOTA }));
  bench.messages('a1', 3);
  bench.store.writer.serverConfig(
    {
      server: { name: 'old.example.com', attributes: { zimbraServerVersion: '25.3.1' } },
      ...{ global: { attributes: {} }, domains: [], coses: [], distributionLists: [] },
    },
    new Date('2026-01-02T03:04:05Z'),
  );
  mailServer = await openSmtp({
    onMailFrom(_address, _session, next) {
      senders++;
      void gate.then(() => next());
    },
  });
  bench.more['LIFEBOAT_SMTP_URL'] = `smtp://127.0.0.1:${mailServer.port}`;
  await bench.open();
  await bench.carbonio('--sync', 'backup', 'doSmartScan', 'start');
  await bench.carbonio('prov', 'ms', bench.up.settings.host, 'zimbraServerVersion', '24.12.0');
  before = await settingsOf(bench);
});
afterAll(async () => {
  await bench.close();
  await mailServer.close();
});
beforeEach(() => bench.up.setFaults([]));

const begin = (request: Partial<DisasterRecoveryRequest> = {}): Promise<WorkflowHandle> =>
  beginRunbook(bench, 'disasterRecovery', {
    oldBackupPath: bench.source,
    restore: { engine: 'carbonio', carbonio: QUICK },
    ...request,
  });

interface Metadata {
  readonly currentDetails: string;
  readonly definition: {
    readonly updateDefinitions: readonly { readonly name: string; readonly description: string }[];
  };
}
const metadataOf = (handle: WorkflowHandle): Promise<Metadata> =>
  handle.query<Metadata>('__temporal_workflow_metadata');

const proposed = async (handle: WorkflowHandle, step: string): Promise<unknown> => {
  await untilAsked(handle, step);
  return answer(handle, 'approve', step);
};
/** Up to the restore, whatever is not as it should be. The source has no settings of its own to ask about. */
async function untilRestore(handle: WorkflowHandle): Promise<void> {
  await proposed(handle, 'source');
  await untilAsked(handle, 'readiness');
  await answer(handle, 'approve', 'readiness', ['go on anyway']);
}

async function cancelled(handle: WorkflowHandle): Promise<void> {
  await handle.cancel();
  const error = (await handle.result().catch((e: unknown) => e)) as WorkflowFailedError;
  expect(error.cause).toBeInstanceOf(CancelledFailure);
  expect(await settingsOf(bench)).toEqual(before);
  expect((await bench.json('backup', 'getAllOperations')).operationList).toEqual([]);
  await replayAll(bench.client, handle.workflowId);
}

test('a question is shown, reminded of, and holds up no other operation; cancelled while it waits', async () => {
  const tomorrow = Date.now() / 1000 + 86_400;
  utimesSync(join(bench.source, 'accounts', 'a1'), tomorrow, tomorrow);
  await bench.carbonio('backup', 'doStopService', 'module');
  const handle = await begin({ remindAfterHours: 0.0002, notifications: ['boss@example.com'] });
  const { command, since } = await untilAsked(handle, 'source');
  const { currentDetails, definition } = await metadataOf(handle);
  expect(currentDetails).toContain(
    `\`lifeboat dr approve ${handle.workflowId} source --choose ${bench.source}\``,
  );
  expect(currentDetails).toContain(`\`{"step":"source","choice":["${bench.source}"]}\``);
  const described = new Map(definition.updateDefinitions.map(({ name, description }) => [name, description]));
  expect(described.get('approve')).toContain(`Example: ${JSON.stringify(approvalExample)}`);
  for (const name of ['retry', 'skip'])
    expect(described.get(name)).toContain('Example: {"step":"readiness"}');
  // again and again
  await until(() => mailServer.received.length > 1);
  const [mail] = mailServer.received;
  expect(mail?.to).toEqual(['boss@example.com']);
  expect(header(mail, 'Subject')).toBe('Disaster recovery: source waits for an answer');
  const text = mail?.raw.replace(/=\r\n/g, '');
  expect(text).toContain(`It waits since ${since}`);
  expect(text).toContain(command);

  await bench.carbonio('backup', 'doStartService', 'module');
  await bench.client.workflow.execute('smartScan', {
    workflowId: `${handle.workflowId}-other`,
    taskQueue: bench.taskQueue,
    args: [{ advanced: ADVANCED }],
  });
  expect((await statusOf(handle))?.question?.since).toBe(since);

  await bench.carbonio('backup', 'doStopService', 'module');
  // an answer does not wait for a mail that is on its way
  let letGo = (): void => undefined;
  gate = new Promise((resolve) => (letGo = resolve));
  const sent = senders;
  await until(() => senders > sent);
  await answer(handle, 'approve', 'source');
  const wrong = await untilAsked(handle, 'readiness');
  letGo();
  expect(wrong.text).toContain('These do not run: module');
  expect(wrong.text).toContain(
    'Here is 24.12.0, the source was written by 25.3.1. Update this server first.',
  );
  expect(wrong.text).toContain('Set the clock');
  await bench.carbonio('backup', 'doStartService', 'module');
  await bench.carbonio('prov', 'ms', bench.up.settings.host, 'zimbraServerVersion', '25.3.1');
  await answer(handle, 'approve', 'readiness');
  await until(async () => (await statusOf(handle))?.question?.since !== wrong.since);
  const left = await untilAsked(handle, 'readiness');
  expect(left.text).toContain('Set the clock');
  expect(left.text).not.toMatch(/do not run|Update this server/);
  await cancelled(handle);
});

test('what the mail host would not prove is refused; what it did not prove can be left as it is', async () => {
  const quiet = (level: string | null): Promise<unknown> =>
    bench.carbonio(
      ...['config', level === null ? 'unset' : 'set', 'global', 'ZxCore_NotificationLevel'],
      ...(level === null ? [] : [level]),
    );
  await quiet('Warning');
  bench.up.setFaults([bench.held('ExternalRestore', 'items')]);
  const handle = await begin({ rescue: 'files', notifications: ['boss@example.com'] });
  await untilRestore(handle);
  const refused = await untilAsked(handle, 'restore');
  expect(refused).toMatchObject({ kind: 'failure' });
  expect(refused.text).toContain('it would send no end report');
  expect(await settingsOf(bench)).toEqual(before);
  await quiet(null);
  await answer(handle, 'retry', 'restore');
  await until(async () => (await bench.json('backup', 'getAllOperations')).operationList.length > 0);
  // people can work from now on
  const phase1 = await until(() =>
    mailServer.received.find((one) => header(one, 'Subject')?.includes('PHASE 1')),
  );
  expect(phase1.to).toEqual(['boss@example.com']);
  const [, scanner, ...schedules] = await settingsOf(bench);
  expect(scanner).toContain('FALSE');
  for (const schedule of schedules) expect(schedule).toContain('"cron-enabled":false');
  await quiet('Warning');
  bench.letGo();
  const unproved = await untilAsked(handle, 'restore');
  expect(unproved.text).toContain('left no report');
  expect(await settingsOf(bench)).toEqual(before);
  await quiet(null);
  await answer(handle, 'skip', 'restore');
  const shares = await untilAsked(handle, 'shares');
  expect(shares.text).toContain('map_');
  expect(shares.proposed).toEqual(['leave them']);
  await answer(handle, 'approve', 'shares', ['mend the shares']);
  const kept = await untilAsked(handle, 'backup');
  expect(kept.text).toContain(`${bench.source} stays as it is: It can still be written to.`);
  expect(kept.text).not.toMatch(/Scanner|schedule|Own Backup Path/);
  await answer(handle, 'approve', 'backup', ['go on anyway']);
  expect(await handle.result()).toMatchObject({ status: 'partial', restored: null, unrestored: null });
  const steps = new Map((await statusOf(handle))?.steps.map(({ name, ...step }) => [name, step]));
  expect(steps.get('restore')?.state).toBe('skipped');
  for (const name of ['rescue', 'aftermath'])
    expect(steps.get(name)?.text).toContain('the restore has no re');
  expect(steps.get('shares')?.text).toContain('Mended, it says:');
  await replayAll(bench.client, handle.workflowId);
});

test('a quota that is not that of the backup is told afterwards; cancelled there', async () => {
  const gate = (name: string): string => {
    const file = join(bench.dir, name);
    const slow = { kind: 'slow', command: 'backup getAvailableAccounts', milliseconds: 120_000 } as const;
    bench.up.setFaults([{ ...slow, until: file }]);
    return file;
  };
  const first = gate('first');
  const handle = await begin();
  await untilRestore(handle);
  await untilWorks(handle, 'aftermath');
  const anew = async (quota: string): Promise<void> => {
    await bench.carbonio('prov', 'da', 'jane@example.com');
    await bench.carbonio('prov', 'ca', 'jane@example.com', 'x', 'zimbraMailQuota', quota);
  };
  await anew('10');
  writeFileSync(first, '');
  const question = await untilAsked(handle, 'aftermath');
  expect(question).toMatchObject({ kind: 'failure' });
  expect(question.text).toContain('jane@example.com (1073741824 before, 10 now)');
  await anew(QUOTA.zimbraMailQuota);
  const second = gate('second');
  await answer(handle, 'retry', 'aftermath');
  await untilWorks(handle, 'aftermath');
  await cancelled(handle);
  writeFileSync(second, '');
});
