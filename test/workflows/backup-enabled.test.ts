/** Switching backups, warning of those that are off, and what operations of the host say of them; on a stand-in. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type {
  BackupEnabledGuardRequest,
  BackupEnabledGuardResult,
  SetBackupEnabledRequest,
  SetBackupEnabledResult,
} from '../../src/contracts/backup-enabled';
import type { HostOperationResult } from '../../src/contracts/host-operations';
import { spawnWorker } from '../e2e/harness';
import { until } from '../embedded/carbonio-kit';
import { withSmtp, header, type Received } from '../mailer/smtp';
import { replayAll } from '../replay/replay';
import { EngineBench } from './carbonio-bench';

jest.setTimeout(120_000);
const DAY = 86_400_000;

class OffBench extends EngineBench {
  smtp = 0;
  override startWorker(): void {
    this.worker = spawnWorker({
      address: process.env.LIFEBOAT_TEST_ADDRESS as string,
      stateDir: this.state,
      taskQueue: this.taskQueue,
      env: {
        ...this.up.env,
        LIFEBOAT_SMTP_URL: `smtp://127.0.0.1:${this.smtp}`,
        LIFEBOAT_HOST: this.taskQueue,
      },
    });
  }

  get record(): string {
    return join(this.state, 'backup-enabled', `${this.taskQueue}.json`);
  }
}

let bench: OffBench;
let mails: readonly Received[] = [];
let endMail: () => void;
let mailEnded: Promise<void>;
const ids: string[] = [];

beforeAll(async () => {
  bench = new OffBench();
  await new Promise<void>((ready, failed) => {
    mailEnded = withSmtp({}, async (port, received) => {
      bench.smtp = port;
      mails = received;
      const ended = new Promise<void>((resolve) => (endMail = resolve));
      ready();
      await ended;
    });
    mailEnded.catch(failed);
  });
  await bench.open();
  for (const name of ['jane', 'joe', 'jim']) await bench.carbonio('prov', 'ca', `${name}@example.com`, 'x');
});
afterAll(async () => {
  await bench.close();
  endMail();
  await mailEnded;
});

async function run<R>(type: string, input: object): Promise<R> {
  const workflowId = `${type}-${Math.random().toString(36).slice(2)}`;
  ids.push(workflowId);
  const handle = await bench.client.workflow.start(type, {
    workflowId,
    taskQueue: bench.taskQueue,
    args: [input],
  });
  return (await handle.result()) as R;
}
const set = (input: SetBackupEnabledRequest) => run<SetBackupEnabledResult>('setBackupEnabled', input);
const guard = (input: BackupEnabledGuardRequest) =>
  run<BackupEnabledGuardResult>('backupEnabledGuard', { notifications: ['admin@example.com'], ...input });
async function failureOf(body: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await body.catch((e: unknown) => e);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}
/** Moves what is remembered into the past. */
function age(days: number): void {
  const record = JSON.parse(readFileSync(bench.record, 'utf8')) as { off: { offSince: number }[] };
  for (const one of record.off) one.offSince -= days * DAY;
  writeFileSync(bench.record, JSON.stringify(record));
}

test('off needs a confirmation, in the same words; it holds while an operation has its turn', async () => {
  const jane = { scope: 'account', name: 'jane@example.com', enabled: false } as const;
  const refused = await failureOf(set(jane));
  expect([refused.type, refused.message]).toEqual([
    'ConfirmationNeeded',
    expect.stringMatching(
      /^It is on, by default.*From \d{4}-\d\d-\d\d on \(30 days of retention\).*confirm: true/,
    ),
  ]);
  bench.up.setFaults([{ kind: 'hold', operation: 'SmartScan', at: 'start', milliseconds: 60_000, times: 1 }]);
  const scan = await bench.client.workflow.start('smartScan', {
    ...{ workflowId: `scan-${bench.taskQueue}`, taskQueue: bench.taskQueue },
    args: [{ advanced: { pollSeconds: 0.2 } }],
  });
  await until(async () => (await bench.names()).length === 1);
  expect(await set({ ...jane, confirm: true })).toMatchObject({
    status: 'changed',
    previous: { own: null, effective: true, origin: 'default' },
    now: { own: false, effective: false, origin: 'account' },
    consequence: expect.stringContaining('removes for good') as string,
    purgeFrom: expect.stringMatching(/^\d{4}-/) as string,
  });
  expect(await bench.names()).toHaveLength(1);
  await scan.cancel();
  await scan.result().catch(() => undefined);
  bench.up.setFaults([]);
  expect(await set({ ...jane, confirm: true })).toMatchObject({ status: 'unchanged' });
  expect((await failureOf(set({ scope: 'cos', name: 'none', enabled: true }))).type).toBe('CommandFailed');
  expect((await failureOf(run('setBackupEnabled', { scope: 'domain' }))).type).toBe('InvalidInput');
});

test('the guard warns at first sight, before the purge, and after it: each once', async () => {
  await bench.carbonio('config', 'set', 'cos', 'default', 'backupEnabled', 'false');
  expect(await guard({})).toMatchObject({ off: 2, warned: 2, mail: 'sent' });
  expect(header(mails[0], 'Subject')).toContain('2 backups are off on');
  expect(mails[0]?.raw.replaceAll('=\r\n', '')).toMatch(
    /account jane@example\.com: off since .*, in 30 days/,
  );
  expect(await guard({})).toMatchObject({ off: 2, warned: 0, mail: null });
  age(24);
  expect(await guard({ accounts: 'known' })).toMatchObject({
    warned: 2,
    first: [{ daysLeft: 6 }, { daysLeft: 6 }],
  });
  expect(await guard({ accounts: 'known' })).toMatchObject({ warned: 0 });
  age(7);
  expect(await guard({ accounts: 'known' })).toMatchObject({ warned: 2, first: [{ daysLeft: -1 }, {}] });
  expect(header(mails.at(-1), 'Subject')).toContain('may be purged now');
  expect(mails).toHaveLength(3);
  // on again, or gone: forgotten
  await set({ scope: 'cos', name: 'default', enabled: null });
  await bench.carbonio('prov', 'da', 'jane@example.com');
  expect(await guard({ accounts: 'known' })).toMatchObject({ off: 0, mail: null });
});

test('a mail that is not taken is due again', async () => {
  await bench.carbonio('config', 'set', 'account', 'joe@example.com', 'backupEnabled', 'false');
  const unsent = await run<BackupEnabledGuardResult>('backupEnabledGuard', { notifications: [] });
  expect(unsent).toMatchObject({
    off: 1,
    warned: 0,
    mail: expect.stringContaining('nobody to tell') as string,
  });
  expect(await guard({})).toMatchObject({ off: 1, warned: 1, mail: 'sent' });
});

test('scans, exports and restores of the host say what they leave out', async () => {
  const scan = await run<HostOperationResult>('smartScan', { advanced: { pollSeconds: 0.2 } });
  expect(scan.notes).toEqual([]);
  await set({ scope: 'cos', name: 'default', enabled: false, confirm: true });
  const copy = await run<HostOperationResult>('exportBackup', {
    destinationPath: join(bench.dir, 'export'),
    advanced: { pollSeconds: 0.2 },
  });
  expect(copy.notes).toEqual([
    'The backup of the class of service default is off: its accounts are not exported.',
  ]);
  expect(readFileSync(join(copy.reportDir, 'report.txt'), 'utf8')).toMatch(/^Note: The backup of the class/);
  const undelete = await run<HostOperationResult>('undelete', {
    account: 'jim@example.com',
    advanced: { pollSeconds: 0.2 },
  });
  expect(undelete.notes).toEqual([expect.stringMatching(/^The backup of jim@example\.com is off: /)]);
});

test('every history of these replays', async () => {
  for (const id of ids) await replayAll(bench.client, id);
});
