/** Disaster recovery end to end on the stand-in host, with a person played by the test and a worker killed in every step. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { DisasterRecoveryRequest, DisasterRecoveryResult } from '../../src/contracts/disaster-recovery';
import { run } from '../client/cli';
import { header, openSmtp, type Received, type Smtp } from '../mailer/smtp';
import { replayAll } from '../replay/replay';
import { accountInfo } from '../restore/store';
import { EngineBench, mailboxes } from '../workflows/carbonio-bench';
import { sleep } from '../e2e/harness';
import { beginRunbook, play, QUICK, settingsOf, statusOf, untilAsked } from './person';

jest.setTimeout(600_000);
let bench: EngineBench;
let before: string[];
let mailServer: Smtp;

const isOfTheEnd = (mail: Received): boolean =>
  header(mail, 'Subject')?.startsWith('Disaster recovery of') ?? false;
/** The first mail of an end is taken slowly: the step that sends it can be met. */
let isFirst = true;
const settled = async (mail: Received): Promise<void> => {
  if (!isOfTheEnd(mail) || !isFirst) return;
  isFirst = false;
  await sleep(3_000);
};

beforeAll(async () => {
  bench = new EngineBench();
  bench.fill();
  mailServer = await openSmtp({}, settled);
  bench.more['LIFEBOAT_SMTP_URL'] = `smtp://127.0.0.1:${mailServer.port}`;
  const attributes = { zimbraMailQuota: '1073741824' };
  bench.store.writer.account(accountInfo('a2', 'joe@example.com', { attributes }));
  bench.store.writer.serverConfig(
    {
      server: {
        name: 'old.example.com',
        attributes: { zimbraMailMode: 'https', zimbraServiceHostname: 'old.example.com' },
      },
      global: { attributes: { zimbraMtaMaxMessageSize: '104857600' } },
      domains: [],
      coses: [],
      distributionLists: [],
    },
    new Date('2026-01-02T03:04:05Z'),
  );
  const conf = join(bench.dir, 'conf');
  mkdirSync(conf);
  writeFileSync(join(conf, 'main.cf'), 'relayhost = 10.0.0.1\n');
  // large, so that the step that unpacks it takes long enough to be met
  writeFileSync(join(conf, 'zeros'), '');
  truncateSync(join(conf, 'zeros'), 300 << 20);
  execFileSync('tar', [
    '-czf',
    join(bench.store.root, 'server', 'customizations_02_01_26#03_04_05.tar.gz'),
    '-C',
    bench.dir,
    'conf',
  ]);
  bench.more['LIFEBOAT_PROBE_RECIPIENT'] = 'jim@example.com';
  await bench.open();
  await bench.carbonio('--sync', 'backup', 'doSmartScan', 'start');
  before = await settingsOf(bench);
});
afterAll(async () => {
  await bench.close();
  await mailServer.close();
});

const TUNED = { carbonio: { ...QUICK, batchAccounts: 2 } };

/** Once in each step; in the first also while it works, for what it has begun. */
const KILLS = [
  ...(['source working', 'source waiting', 'readiness waiting', 'settings waiting'] as const),
  ...(['customizations working', 'restore working', 'rescue working', 'aftermath working'] as const),
  ...(['shares waiting', 'smartscan working', 'backup waiting', 'report working'] as const),
];

const begin = (request: Partial<DisasterRecoveryRequest> = {}): Promise<WorkflowHandle> =>
  beginRunbook(bench, 'disasterRecovery', {
    oldBackupPath: bench.source,
    restore: { engine: 'carbonio', ...TUNED },
    ...request,
  });

test('from the first source to the report, the worker killed in every step', async () => {
  const missing = join(bench.dir, 'not-there');
  const handle = await begin({
    oldBackupPath: missing,
    externalBackup: bench.source,
    offsiteCopy: { destination: bench.dir },
    restore: { engine: 'carbonio', onInvalid: 'retry', ...TUNED },
    rescue: 'files',
    notifications: ['boss@example.com'],
  });
  const { questions, killed } = await play(
    bench,
    handle,
    ({ step }) =>
      step === 'settings'
        ? ['approve', ['global zimbraMtaMaxMessageSize']]
        : ['approve', ['readiness', 'backup'].includes(step) ? ['go on anyway'] : undefined],
    KILLS,
  );
  const result = (await handle.result()) as DisasterRecoveryResult;
  expect(result).toMatchObject({ status: 'partial', sourcePath: bench.source, restored: 61, unrestored: 4 });
  expect(mailboxes(bench.up.places.mailboxes)).toHaveLength(61);
  expect(questions.map(({ step }) => step)).toEqual([
    ...['source', 'readiness', 'settings'],
    ...['shares', 'backup'],
  ]);
  const [source, , settings] = questions;
  expect(source?.text).toContain(`${missing}: cannot be used`);
  expect(source?.text).toMatch(/1 broken|2 broken/);
  expect(source?.text).toContain(`offsite copy ${bench.dir}: cannot be used`);
  expect(source?.proposed).toEqual([bench.source]);
  expect(source?.command).toBe(`lifeboat dr approve ${handle.workflowId} source --choose ${bench.source}`);
  expect(settings?.options).toEqual(
    expect.arrayContaining(['global zimbraMtaMaxMessageSize', 'server old.example.com zimbraMailMode']),
  );
  // set here only: perhaps the source has never saved it
  expect(settings?.options).not.toContain('global zimbraPasswordMinLength');
  expect(settings?.command).toBe(`lifeboat dr approve ${handle.workflowId} settings --none`);
  const size = settings?.options.indexOf('global zimbraMtaMaxMessageSize') ?? -1;
  expect(settings?.notes?.[size]).toBe('now `52428800`; source: `104857600`');
  expect(killed).toEqual(expect.arrayContaining([...KILLS]));
  expect(mailServer.received.find(isOfTheEnd)?.to).toEqual(['boss@example.com']);
  // approved was one of them, and only that one was set
  expect((await bench.carbonio('prov', 'gcf', 'zimbraMtaMaxMessageSize')).stdout).toContain('104857600');
  const server = (await bench.carbonio('prov', 'gs', bench.up.settings.host)).stdout;
  expect(server).toContain('zimbraMailMode: ');
  expect(server).not.toContain('zimbraMailMode: https\n');
  const folder = result.reportDir;
  const journal = readFileSync(join(folder, 'settings.jsonl'), 'utf8');
  expect(journal).toContain('"before":["52428800"]');
  expect(readFileSync(join(folder, 'settings.sh'), 'utf8')).toContain('zimbraMtaMaxMessageSize 104857600');
  const unpacked = readdirSync(folder).filter((name) => name.startsWith('customizations-'));
  expect(unpacked.some((name) => existsSync(join(folder, name, 'conf/main.cf')))).toBe(true);
  const report = readFileSync(join(folder, 'recovery.txt'), 'utf8');
  expect(report).toMatch(/RPO[\s\S]*RTO[\s\S]*gone on in spite of: /);
  expect(report).not.toContain('working');
  expect(await settingsOf(bench)).toEqual(before);
  const status = await statusOf(handle);
  expect(status?.phase).toMatch(
    /^Disaster recovery ended, partial: 61 restored, 4 unrestored\. Lost at most/,
  );
  expect(status?.steps.map(({ state }) => state)).toEqual(Array(11).fill('done'));
  const texts = new Map(status?.steps.map(({ name, text }) => [name, text]));
  expect(texts.get('aftermath')).toMatch(/1 quota of accounts is as it was.*settings? of the source/);
  expect(texts.get('rescue')).toMatch(/\d intact, \d in an earlier state/);
  expect(existsSync(join(folder, 'settings-after.json'))).toBe(true);
  await replayAll(bench.client, handle.workflowId);
});

test('what cannot be is refused; a failed step is tried again, or left out', async () => {
  const later = join(bench.dir, 'later');
  const handle = await begin({ oldBackupPath: later, notifications: ['admin@example.com'] });
  const question = await untilAsked(handle, 'source');
  expect(question).toMatchObject({ kind: 'failure', options: [] });
  expect(question.text).toContain(`${later}: cannot be used: There is no ${later}`);
  const say = (verb: string, input: object): Promise<unknown> =>
    handle
      .executeUpdate<string, [object]>(verb, { args: [input] })
      .catch((error: { cause?: Error }) => error.cause);
  expect(await say('approve', { step: 'source' })).toMatchObject({
    message: expect.stringContaining('waits for `retry`') as string,
  });
  expect(await say('skip', { step: 'source' })).toMatchObject({
    message: expect.stringContaining('cannot be left out') as string,
  });
  expect(await say('retry', { step: 'settings' })).toMatchObject({
    message: expect.stringContaining('"source" waits') as string,
  });
  expect(await say('retry', {})).toMatchObject({
    type: 'InvalidInput',
    message: expect.stringContaining('A valid input') as string,
  });

  cpSync(bench.source, later, { recursive: true });
  const env = cliEnv();
  const shown = await run(['dr', 'status', handle.workflowId], env);
  expect(shown).toMatchObject({ code: 3 });
  expect(shown.stdout).toMatch(/\[!\] Choose the source: None of the sources/);
  expect(shown.stdout).toContain(`Answer: lifeboat dr retry ${handle.workflowId} source`);
  expect((await run(['dr', 'retry', handle.workflowId, 'source'], env)).code).toBe(0);
  expect(await untilAsked(handle, 'source')).toMatchObject({ kind: 'approval', options: [later] });
  const wrong = await run(['dr', 'approve', handle.workflowId, 'source', '--choose', '/elsewhere'], env);
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`There is no choice /elsewhere; there are: ${later}`) as string,
  });
  const all = JSON.parse((await run(['dr', 'status', '--json'], env)).stdout) as {
    runbooks: { operationId: string }[];
  };
  expect(all.runbooks.map(({ operationId }) => operationId)).toContain(handle.workflowId);
  expect((await run(['dr', 'approve', handle.workflowId, 'source'], env)).code).toBe(0);

  bench.up.setFaults([bench.held('ExternalRestore', 'items')]);
  // the saved configuration is damaged: the comparison cannot be had, and people go on without it
  const [archive = ''] = readdirSync(join(later, 'server')).filter((name) => name.startsWith('config_'));
  writeFileSync(join(later, 'server', archive), 'damaged');
  await say('approve', { step: (await untilAsked(handle, 'readiness')).step, choice: ['go on anyway'] });
  expect(await untilAsked(handle, 'settings')).toMatchObject({
    kind: 'failure',
    skipCommand: `lifeboat dr skip ${handle.workflowId} settings`,
  });
  expect((await run(['dr', 'skip', handle.workflowId, 'settings'], env)).code).toBe(0);
  // somebody stops the restore itself: it can be tried again, and accounts that are there are not made again
  const first = await untilItems(handle.workflowId);
  await bench.client.workflow.getHandle(`${handle.workflowId}/restore-${first}`).cancel();
  expect(await untilAsked(handle, 'restore')).toMatchObject({
    kind: 'failure',
    text: expect.stringContaining('it was stopped') as string,
  });
  bench.up.setFaults([bench.held('ExternalRestore', 'items')]);
  await say('retry', { step: 'restore' });
  const second = await untilItems(handle.workflowId, first);
  const steps = (attempt: number): string[] => {
    const all = join(bench.state, 'carbonio');
    const [dir = ''] = readdirSync(all).filter((name) =>
      name.includes(`${handle.workflowId}_restore-${attempt}`),
    );
    return readdirSync(join(all, dir));
  };
  expect(steps(first)).toContain('provisioning.json');
  expect(steps(second)).toContain('batch-000000.json');
  expect(steps(second)).not.toContain('provisioning.json');
  const [path, scanner, ...schedules] = await settingsOf(bench);
  expect([path, scanner]).toEqual([before[0], expect.stringContaining('FALSE')]);
  for (const schedule of schedules) expect(schedule).toContain('"cron-enabled":false');
  await handle.cancel();
  const error: unknown = await handle.result().catch((e: unknown) => e);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  // whatever the restore had changed on the host is back
  expect(await settingsOf(bench)).toEqual(before);
  expect((await run(['overrides', 'list', '--json'], cliEnv())).stdout).toContain('"overrides": []');
  expect((await bench.json('backup', 'getAllOperations')).operationList).toEqual([]);
  await replayAll(bench.client, handle.workflowId);
  rmSync(later, { recursive: true });
});

/** Number of the restore that has made the accounts and works on their items; children are counted together. */
async function untilItems(runbook: string, after = 0): Promise<number> {
  for (let number = after + 1; ; number = number > after + 9 ? after + 1 : number + 1) {
    const child = bench.client.workflow.getHandle(`${runbook}/restore-${number}`);
    const status = await child.query<{ phase: string; onHost?: string | null }>('status').catch(() => null);
    if (status?.phase === 'items' && status.onHost?.includes('batch')) return number;
    await sleep(20);
  }
}

const cliEnv = (): Record<string, string> => ({
  ...(bench.up.env as Record<string, string>),
  TEMPORAL_ADDRESS: process.env.LIFEBOAT_TEST_ADDRESS as string,
  LIFEBOAT_STATE_DIR: bench.state,
  LIFEBOAT_TASK_QUEUE: bench.taskQueue,
  LIFEBOAT_JOURNAL_DIR: `${bench.state}.journal`,
  LIFEBOAT_LOCK_DIR: `${bench.state}.locks`,
});
