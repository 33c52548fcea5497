/** Items that the mail host refused: real server, real worker, the stand-in for the mail host. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { chooseEngine } from '../../src/activities/choose-engine';
import { loadConfig } from '../../src/config';
import { externalRestoreInput, type ExternalRestoreResult } from '../../src/contracts/external-restore';
import type { RestoreInvalidItemsResult } from '../../src/contracts/restore-invalid-items';
import { start, type Ended } from '../client/cli';
import { mail } from '../restore/store';
import { BUILT_BUNDLE, LIMIT, VALIDATE } from './bench';
import { InvalidBench, LONG, REFUSED, reportIn } from './invalid-bench';

const ACCOUNTS = ['plain', 'off', 'cut', 'gone', 'bad'];
let bench: InvalidBench;
/** Of the restore that refused one message of each account. */
let report: string;
beforeAll(async () => {
  bench = new InvalidBench(BUILT_BUNDLE);
  for (const account of ACCOUNTS) bench.account(account);
  bench.account('huge', 1024 * 1024 + 1);
  await bench.open();
  await bench.worker();
  report = await bench.restored();
});
afterAll(() => bench.close());
beforeEach(() => bench.carbonio.up.setFaults([]));

async function failureOf(handle: WorkflowHandle): Promise<ApplicationFailure> {
  const error: unknown = await handle.result().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}

async function expectBack(key: string, value: string | undefined): Promise<void> {
  await bench.settled();
  expect(bench.written(key)).toBe(value);
  expect(await bench.takes(10_241)).toBe(false);
  expect(await bench.takes(10_000)).toBe(true);
}

const lifeboat = (...args: string[]): Promise<Ended> =>
  start(['restore-invalid', ...args], {
    ...bench.env,
    LIFEBOAT_STATE_DIR: bench.temporal.stateDir,
    LIFEBOAT_TASK_QUEUE: bench.temporal.taskQueue,
    TEMPORAL_ADDRESS: bench.temporal.address,
  }).ended;

const all = (account: string): string[] => [`${account} long`, `${account}-300`, `${account}-301`];

test('raised to the longest line: each item once, the limit is unset again, and the report says so', async () => {
  expect(reportIn(report).unrestoredByClass.invalid).toBe(ACCOUNTS.length + 1);
  expect(bench.mails('plain')).toHaveLength(2);
  const dir = bench.only(report, 'plain');
  const dry = await lifeboat(dir, '--dry-run', '--json');
  expect(dry.code).toBe(0);
  expect(JSON.parse(dry.stdout)).toMatchObject({
    ...{ status: 'planned', items: 1, change: { key: LIMIT, value: String(LONG), end: null } },
    accounts: [{ name: 'plain@example.com', ids: [REFUSED] }],
  });
  expect([bench.isJournalled, bench.mails('plain').length]).toEqual([false, 2]);

  const operationId = bench.idOf('plain');
  const { stdout, code } = await lifeboat(dir, '--json', '--operation-id', operationId);
  expect(code).toBe(0);
  const result = JSON.parse(stdout) as RestoreInvalidItemsResult;
  expect(result).toMatchObject({
    ...{ status: 'completed', items: 1, restored: 1, unrestored: 0, stillInvalid: 0 },
    longestLine: { bytes: LONG, account: 'plain@example.com', item: REFUSED },
    change: { key: LIMIT, value: String(LONG), before: 'not set', end: 'reverted' },
    restore: `${operationId}/restore`,
  });
  expect(bench.mails('plain')).toEqual(all('plain'));
  await expectBack(LIMIT, undefined);
  const text = readFileSync(join(result.reportDir ?? '', 'invalid-items.txt'), 'utf8');
  expect(text).toContain(`${LIMIT} was ${LONG} meanwhile`);
  expect(text).toContain('it is not set again, which was proved');
  expect(reportIn(result.reportDir ?? '').totals).toMatchObject({ restored: 1, skipped: 2, unrestored: 0 });
  const handle = bench.temporal.client.workflow.getHandle(operationId);
  expect(await bench.status(handle)).toMatchObject({ phase: 'ended', change: { end: 'reverted' } });
});

test('switched off only by one who takes the risk; then it is true again', async () => {
  const wrong = await lifeboat(report, '--disable');
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('acceptRisk')]);
  expect((await lifeboat('/not/there', '--json')).code).toBe(2);
  const refused = await bench.restoreInvalid('risk', { report, disable: true });
  const { type, message } = await failureOf(refused);
  expect([type, message]).toEqual(['InvalidInput', expect.stringContaining('acceptRisk')]);
  await bench.has(VALIDATE, 'true');
  const dir = bench.only(report, 'off');
  const handle = await bench.restoreInvalid('off', { report: dir, disable: true, acceptRisk: true });
  expect(await bench.result(handle)).toMatchObject({
    ...{ status: 'completed', restored: 1 },
    change: { key: VALIDATE, value: 'false', before: 'true', end: 'reverted' },
  });
  expect(bench.mails('off')).toEqual(all('off'));
  await expectBack(VALIDATE, 'true');
});

test('a line of more than 1 MiB is refused with what to do; nothing was changed', async () => {
  const failure = await failureOf(await bench.restoreInvalid('huge', { report: bench.only(report, 'huge') }));
  expect(failure.type).toBe('LineTooLong');
  expect(failure.message).toMatch(
    /item 400 of huge@example.com has a line of 1048577 bytes.*lineLimit 1048576.*disable/,
  );
  await expectBack(LIMIT, undefined);
});

test('cancelled, terminated and failing in the middle: the old value', async () => {
  const hold = { kind: 'hold', operation: 'ExternalRestore', at: 'items' } as const;
  const held = async (account: string) => {
    const gate = bench.gate(hold);
    const handle = await bench.restoreInvalid(account, { report: bench.only(report, account) });
    await gate.reached();
    expect(bench.written(LIMIT)).toBe(String(LONG));
    return { handle, gate };
  };
  const { handle: cut } = await held('cut');
  await cut.cancel();
  const error: unknown = await cut.result().catch((e: unknown) => e);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  // what works on the host was stopped before the setting went back
  expect(await bench.carbonio.names()).toEqual([]);
  expect(bench.written(LIMIT)).toBeUndefined();

  const { handle: gone, gate } = await held('gone');
  await gone.terminate();
  await expectBack(LIMIT, undefined);
  gate.open();

  const { handle: bad, gate: before } = await held('bad');
  bench.carbonio.up.setFaults([{ kind: 'garble', command: 'core getAllOperations', text: 'who knows\n' }]);
  before.open();
  expect((await failureOf(bad)).type).toBe('UnknownOutput');
  bench.carbonio.up.setFaults([]);
  await expectBack(LIMIT, undefined);
  await bench.temporal.idle();
});

test('at the end of a restore, in its turn: its own report counts the items by where they are now', async () => {
  bench.account('outer');
  const accounts = ['outer@example.com'];
  const handle = await bench.restore('outer', { accounts, onInvalid: 'retry' });
  const result = (await handle.result()) as ExternalRestoreResult;
  expect(result).toMatchObject({ status: 'completed', restored: 3, unrestored: 0 });
  expect(bench.mails('outer')).toEqual(all('outer'));
  const { status, unrestoredByClass, notes, accounts: listed } = reportIn(result.reportDir);
  expect([status, unrestoredByClass.invalid]).toEqual(['completed', 0]);
  expect(listed['outer@example.com']?.unrestored).toEqual([]);
  expect(notes[0]).toMatch(
    /^Of 1 invalid items 1 were restored at the end, by .*outer.*\/invalid; 0 are still invalid/,
  );
  expect(notes[0]).toContain(`${LIMIT} was ${LONG} meanwhile`);
  await expectBack(LIMIT, undefined);
  const { workflowId } = handle;
  await bench.replayChildren(`${workflowId}/invalid`, `${workflowId}/invalid/restore`);
});

test('the child cancelled by a person: the restore is done all the same, and says so', async () => {
  bench.account('alone');
  const gate = bench.gate({ kind: 'slow', command: 'lmtp data' });
  const handle = await bench.restore('alone', { accounts: ['alone@example.com'], onInvalid: 'retry' });
  await gate.reached();
  expect(await handle.query('status')).toMatchObject({ phase: 'invalid items' });
  await bench.temporal.client.workflow.getHandle(`${handle.workflowId}/invalid`).cancel();
  gate.open();
  const result = (await handle.result()) as ExternalRestoreResult;
  expect(result).toMatchObject({ status: 'partial', restored: 2, unrestored: 1 });
  expect(reportIn(result.reportDir).notes[0]).toMatch(
    /^The invalid items were not restored by .*: it was cancelled$/,
  );
  await expectBack(LIMIT, undefined);
});

test('told before anything begins: what the mail host cannot save, what nobody could prove', async () => {
  const save = await bench.restore('save', { onInvalid: 'save' });
  const failure = await failureOf(save);
  expect([failure.type, failure.message]).toEqual(['InvalidInput', expect.stringContaining('rescue')]);
  // a worker without a mailbox for test messages
  const input = externalRestoreInput.parse({ sourcePath: '/x', engine: 'carbonio', onInvalid: 'retry' });
  const turn = { operationId: 'x', firstRunId: 'x' };
  const config = loadConfig({});
  const request = { operationId: 'x', operationKey: 'x', turn, input };
  const chosen = new MockActivityEnvironment().run(() =>
    chooseEngine(request, config, config, async () => null),
  );
  await expect(chosen).rejects.toMatchObject({ type: 'ProbeRefused', nonRetryable: true });
  const risk = await failureOf(await bench.restore('r', { onInvalid: 'retryWithoutValidator' }));
  expect([risk.type, risk.message]).toEqual(['InvalidInput', expect.stringContaining('acceptRisk')]);
});

test('a folder never meets the validator: nothing of the host is changed, its own limit is raised', async () => {
  bench.account('folder');
  const handle = await bench.restore('folder', {
    ...{ engine: 'direct', target: `maildir:${join(bench.carbonio.dir, 'folder')}?maxLineLength=10240` },
    ...{ accounts: ['folder@example.com'], onInvalid: 'retry' },
  });
  expect(await handle.result()).toMatchObject({ status: 'completed', restored: 3 });
  const child = bench.temporal.client.workflow.getHandle(`${handle.workflowId}/invalid`);
  expect(await bench.result(child)).toMatchObject({
    status: 'completed',
    items: 1,
    restored: 1,
    change: null,
  });
});

test('retryUnrestored of what the mail host restored runs its accounts again', async () => {
  bench.account('mended');
  const { store } = bench.carbonio;
  store.dropBlob(store.message('mended', 302, mail('mended-302')));
  const first = await bench.restore('broken', { accounts: ['mended@example.com'] });
  const { reportDir, unrestored } = (await first.result()) as ExternalRestoreResult;
  expect(unrestored).toBe(2);
  store.message('mended', 302, mail('mended-302'));
  const handle = await bench.begin('retryUnrestored', 'retry', { report: reportDir });
  expect(await handle.result()).toMatchObject({ restored: 1, skipped: 2, unrestored: 1 });
  expect(bench.mails('mended')).toContain('mended-302');
});

test('every history of these replays', () => bench.replay());
