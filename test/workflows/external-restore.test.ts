/** The workflow against a real server, with a real worker of its own. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { SMTPServer } from 'smtp-server';
import type { ExternalRestoreRequest } from '../../src/contracts/external-restore';
import { connect, sleep, spawnWorker, startRestore, type TestWorker } from '../e2e/harness';
import { replayAll } from '../replay/replay';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';

const taskQueue = 'external-restore-test';
let client: Client;
let worker: TestWorker;
let home: RestoreBench;
let smtp: SMTPServer;
const mails: string[] = [];
beforeAll(async () => {
  home = new RestoreBench();
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        mails.push(text);
        done(null);
      });
    },
  });
  const port = await new Promise<number>((resolve) => {
    const server = smtp.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
  mkdirSync(home.settings.stateDir);
  worker = spawnWorker({
    address,
    stateDir: home.settings.stateDir,
    taskQueue,
    env: { LIFEBOAT_SMTP_URL: `smtp://127.0.0.1:${port}` },
  });
  client = await connect(address);
});
afterAll(async () => {
  expect(await worker.stop()).toBe(0);
  await client.connection.close();
  await new Promise<void>((resolve) => smtp.close(resolve));
  home.remove();
});

let bench: RestoreBench;
let id: string;
beforeEach(() => {
  bench = new RestoreBench();
  id = `test-${Math.random().toString(36).slice(2)}`;
  mails.length = 0;
});
afterEach(() => bench.remove());

const input = (more: Partial<ExternalRestoreRequest> = {}): ExternalRestoreRequest => ({
  sourcePath: bench.store.root,
  target: bench.settings.defaultTarget,
  ...more,
});
const start = (request: ExternalRestoreRequest) => startRestore(client, taskQueue, id, request);
const inbox = (user = 'jane') => join(bench.mailDir, `example.com/${user}/Maildir/cur`);
const arrived = () => (existsSync(inbox()) ? readdirSync(inbox()).length : 0);

function jane(count: number): void {
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let i = 0; i < count; i++) bench.store.message('a1', 300 + i, mail(`m${i}`));
}

/** The failure that the workflow ended with. */
async function failureOf(request: unknown): Promise<ApplicationFailure> {
  const error: unknown = await (
    await start(request as ExternalRestoreRequest)
  )
    .result()
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const { cause } = error as WorkflowFailedError;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  await replayAll(client, id);
  return cause as ApplicationFailure;
}

test('a restore from preflight to report', async () => {
  jane(30);
  bench.store.dropBlob(bench.store.message('a1', 900, mail('lost')));
  const handle = await start(input({ notifications: ['admin@example.com'] }));
  const result = await handle.result();
  expect(result).toMatchObject({
    status: 'partial',
    source: 31,
    restored: 30,
    unrestored: 1,
    operationId: id,
  });
  expect(arrived()).toBe(30);
  const report = JSON.parse(readFileSync(join(result.reportDir, 'report.json'), 'utf8')) as {
    status: string;
    phases: { name: string }[];
    notifications: { event: string; outcome: string }[];
  };
  expect(report.status).toBe('partial');
  expect(report.phases.map(({ name }) => name)).toEqual(
    ['preflight', 'provisioning', 'items', 'mountpoints and shares', 'report'].slice(0, report.phases.length),
  );
  expect(report.notifications.map(({ event, outcome }) => [event, outcome])).toEqual([
    ['Operation Started', 'sent'],
    ['PHASE 1 Feedback', 'sent'],
    ['Operation Ended', 'sent'],
  ]);
  expect(mails).toHaveLength(3);
  expect(mails[2]).toContain('unrestored items: 900');
  expect(await handle.query('status')).toMatchObject({
    phase: 'ended',
    restored: 30,
    unrestored: 1,
    total: 31,
    handled: 31,
  });
  expect(await replayAll(client, id)).toBe(1);
});

test('what is wrong with the input is named, with an input that is right', async () => {
  const failure = await failureOf({ sourcePath: 'relative', concurrentAccounts: 0, acounts: ['x'] });
  expect(failure.type).toBe('InvalidInput');
  expect(failure.message).toMatch(/sourcePath: must be an absolute path/);
  expect(failure.message).toMatch(/concurrentAccounts: /);
  expect(failure.message).toMatch(/acounts/);
  expect(failure.message).toContain('{"sourcePath":"/mnt/old"');
});

test.each([undefined, null, 'text', 7, []])(
  'an input that is no object (%j) fails and does not hang',
  async (wrong) => {
    expect((await failureOf(wrong)).type).toBe('InvalidInput');
  },
);

test.each([
  [
    'SourceNotFound',
    (): unknown => ({ sourcePath: '/no/such/folder' }),
    /\/no\/such\/folder.*mount the volume/,
  ],
  ['NotABackupPath', (): unknown => ({ sourcePath: emptyFolder() }), /is empty; is the volume mounted\?/],
  [
    'UnknownDialect',
    (): unknown => ({ sourcePath: foreignStore() }),
    /dialect "carbonio".*known here: lifeboat\/1/,
  ],
  [
    'AccountNotFound',
    (): unknown => input({ accounts: ['jane@example.com', 'jack@example.com'] }),
    /no account jack@example\.com/,
  ],
  [
    'TargetInsideSource',
    (): unknown => input({ target: `maildir:${bench.store.root}/mail` }),
    /lie one in the other/,
  ],
  ['TargetRefused', (): unknown => input({ target: `maildir:${file()}` }), /file/],
  ['InvalidInput', (): unknown => input({ target: 'imap://server' }), /imap/],
])('%s: a clear failure at once', async (type, request, message) => {
  jane(1);
  const failure = await failureOf(request());
  expect(failure.type).toBe(type);
  expect(failure.message).toMatch(message);
  expect(failure.nonRetryable).toBe(true);
  expect(existsSync(join(bench.store.root, 'mail'))).toBe(false);
});

function emptyFolder(): string {
  const path = join(bench.folder, 'empty');
  mkdirSync(path);
  return path;
}
function foreignStore(): string {
  const path = emptyFolder();
  writeFileSync(join(path, 'backup.json'), '{"dialect":"carbonio"}');
  return path;
}
function file(): string {
  const path = join(bench.folder, 'file');
  writeFileSync(path, '');
  return path;
}

test('cancelled: it ends at an item boundary, reports what it did, and can be started again', async () => {
  jane(12_000);
  const handle = await start(input());
  while (arrived() === 0) await sleep(20);
  await handle.cancel();
  const error: unknown = await handle.result().catch((e: unknown) => e);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  const done = arrived();
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(12_000);
  expect(readdirSync(join(inbox(), '../tmp'))).toEqual([]);
  const [reportDir] = readdirSync(join(home.settings.stateDir, 'reports')).filter((name) =>
    name.startsWith(id),
  );
  const report = JSON.parse(
    readFileSync(join(home.settings.stateDir, 'reports', reportDir as string, 'report.json'), 'utf8'),
  ) as object;
  expect(report).toMatchObject({ status: 'cancelled', totals: { restored: done } });
  await replayAll(client, id);
  const again = await (await start(input())).result();
  expect(again).toMatchObject({ status: 'completed', restored: 12_000 - done, skipped: done });
  expect(arrived()).toBe(12_000);
});

test('it continues as new between work units, and counts on', async () => {
  jane(1500);
  const handle = await start(input({ advanced: { continueAsNewAfterEvents: 30, sliceSeconds: 0.05 } }));
  expect(await handle.result()).toMatchObject({
    status: 'completed',
    restored: 1500,
    skipped: 0,
    source: 1500,
  });
  expect(arrived()).toBe(1500);
  expect(await replayAll(client, id)).toBeGreaterThan(2);
});

test('reset in the middle: the new run goes on, the old attempt adds nothing', async () => {
  jane(8000);
  const handle = await start(input({ advanced: { sliceSeconds: 0.3 } }));
  while (arrived() < 500) await sleep(20);
  await client.workflow.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: id, runId: (await handle.describe()).runId },
    reason: 'test',
    // the first workflow task: everything is done again
    workflowTaskFinishEventId: 4 as never,
    requestId: id,
  });
  expect(await client.workflow.getHandle(id).result()).toMatchObject({ restored: 8000, skipped: 0 });
  expect(arrived()).toBe(8000);
});

test('a source that goes away in the middle is waited for', async () => {
  jane(8000);
  const handle = await start(input());
  while (arrived() === 0) await sleep(20);
  renameSync(bench.store.root, `${bench.folder}/away`);
  await sleep(2500);
  const { raw } = await handle.describe();
  expect(raw.pendingActivities?.map(({ lastFailure }) => lastFailure?.message).join()).toMatch(
    /Backup Path went away|There is no/,
  );
  renameSync(`${bench.folder}/away`, bench.store.root);
  expect(await handle.result()).toMatchObject({ restored: 8000, skipped: 0, unrestored: 0 });
});

test('provisioningOnly restores no item; a later run does', async () => {
  jane(3);
  expect(await (await start(input({ provisioningOnly: true }))).result()).toMatchObject({
    restored: 0,
    source: 0,
  });
  expect(readFileSync(join(bench.mailDir, 'passwd'), 'utf8')).toMatch(/^jane@example\.com:/m);
  expect(arrived()).toBe(0);
  expect(await (await start(input())).result()).toMatchObject({ restored: 3 });
});

test('four lanes restore what one would', async () => {
  for (let a = 0; a < 9; a++) {
    bench.store.writer.account(accountInfo(`a${a}`, `user${a}@example.com`));
    for (let i = 0; i < 40; i++) bench.store.message(`a${a}`, 300 + i, mail(`m${a} ${i}`));
  }
  expect(await (await start(input({ concurrentAccounts: 4 }))).result()).toMatchObject({
    source: 360,
    restored: 360,
  });
  for (let a = 0; a < 9; a++) expect(readdirSync(inbox(`user${a}`))).toHaveLength(40);
});
