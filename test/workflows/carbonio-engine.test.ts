/** The engine carbonio against a real Temporal server and the stand-in host. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { until } from '../embedded/carbonio-kit';
import { EngineBench, mailboxes } from './carbonio-bench';

jest.setTimeout(180_000);
let bench: EngineBench;
beforeAll(async () => {
  bench = new EngineBench();
  bench.fill();
  await bench.open();
});
afterAll(() => bench.close());

interface Report {
  status: string;
  failure?: string;
  engine: { name: string; reason: string };
  totals: object;
  unrestoredByClass: object;
  notes: string[];
  accounts: Record<
    string,
    { unrestored: { item: number; class: string; path?: string; error?: string }[]; notes: object[] }
  >;
}
const reportIn = (dir: string): Report =>
  JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as Report;

/** What both engines must tell alike. */
function facts({ status, totals, unrestoredByClass, accounts }: Report): object {
  const named = Object.entries(accounts).map(([name, { notes: _notes, ...account }]) => [
    name,
    {
      ...account,
      // the words differ where the host only refuses
      unrestored: account.unrestored.map((one) => (one.class === 'invalid' ? { ...one, reason: '' } : one)),
    },
  ]);
  return { status, totals, unrestoredByClass, accounts: Object.fromEntries(named) as object };
}

test('the same store by both engines: the same mailboxes, the same report', async () => {
  const direct = join(bench.dir, 'direct');
  const byUs = await (
    await bench.begin({ engine: 'direct', target: `maildir:${direct}?maxLineLength=10240` })
  ).result();
  const byHost = await (await bench.begin()).result();
  expect(byHost).toMatchObject({ status: 'partial', restored: 60, skipped: 0, filtered: 6, unrestored: 5 });
  expect(mailboxes(bench.up.places.mailboxes)).toEqual(mailboxes(direct));
  const [ours, hosts] = [reportIn(byUs.reportDir), reportIn(byHost.reportDir)];
  expect(facts(hosts)).toEqual(facts(ours));
  expect(hosts.unrestoredByClass).toMatchObject({ read: 1, broken: 3, invalid: 1 });
  expect(hosts.engine).toEqual({ name: 'carbonio', reason: 'it was asked for' });
  // the accounts first, then two batches
  expect(await bench.restores()).toEqual(['Successful', 'Successful', 'Successful']);
  const again = await (await bench.begin({ accounts: ['joe@example.com'] })).result();
  expect(again).toMatchObject({ restored: 0, skipped: 20, unrestored: 0, status: 'completed' });
});

/** The accounts, then all of them in one batch. */
const ALL = 2;
const ONE_BATCH = { carbonio: { batchAccounts: 3 } };

/** How a restore ended that was to fail. */
async function failureOf(ended: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await ended.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}

/** Runs a restore that must end well, and tells what the host did for it. */
async function restored(): Promise<{ done: string[]; restored: number; skipped: number }> {
  const before = (await bench.restores()).length;
  const result = await (await bench.begin(ONE_BATCH)).result();
  expect(result.restored + result.skipped).toBe(60);
  expect(result.unrestored).toBe(5);
  expect(mailboxes(bench.up.places.mailboxes)).toHaveLength(60);
  const all = await bench.restores();
  expect(all.length).toBeGreaterThanOrEqual(before);
  return { done: all, restored: result.restored, skipped: result.skipped };
}

const ended = (done: readonly string[], state: string): number => done.filter((one) => one === state).length;

describe('a bad day of the mail host ends in the right result', () => {
  let before: string[];
  beforeEach(async () => {
    bench.up.setFaults([]);
    before = await bench.restores();
  });
  const grown = (done: readonly string[], state: string): number => ended(done, state) - ended(before, state);

  test('garbled, late and failing answers: nothing is done twice', async () => {
    bench.up.setFaults([
      { kind: 'garble', command: 'backup doExternalRestore', text: 'java.lang.Exception\n', times: 2 },
      { kind: 'exit', command: 'backup doExternalRestore', code: 3, times: 3 },
      { kind: 'garble', command: 'core getAllOperations', times: 2 },
      { kind: 'garble', command: 'core getNotification', times: 1 },
      { kind: 'garble', command: 'backup monitor', times: 2 },
      { kind: 'slow', command: 'core getAllOperations', milliseconds: 1500, times: 2 },
    ]);
    expect(grown((await restored()).done, 'Successful')).toBe(ALL);
  });

  test('answers that are never understood: a failure with what was said, never a success', async () => {
    bench.up.setFaults([{ kind: 'garble', command: 'core getAllOperations', text: 'who knows\n' }]);
    const failure = await failureOf((await bench.begin()).result());
    expect(failure.type).toBe('UnknownOutput');
    expect(JSON.stringify(failure.details)).toContain('who knows');
    bench.up.setFaults([]);
    expect(await bench.restores()).toEqual(before);
  });

  test('an operation that vanishes is run again, without the accounts', async () => {
    bench.up.setFaults([{ kind: 'vanish', operation: 'ExternalRestore', at: 'items', times: 1 }]);
    const { done } = await restored();
    expect(grown(done, 'Successful')).toBe(ALL);
  });

  test('a crash of the mail server in the middle: interrupted, run again when it is back', async () => {
    bench.up.setFaults([{ kind: 'crash', operation: 'ExternalRestore', at: 'items', times: 1 }]);
    const handle = await bench.begin(ONE_BATCH);
    await bench.up.ended();
    await bench.up.restart();
    const result = await handle.result();
    expect(result).toMatchObject({ status: 'partial', unrestored: 5 });
    expect(result.restored + result.skipped).toBe(60);
    expect(reportIn(result.reportDir).notes.join('\n')).toMatch(
      /was lost 1 times on the mail host and run again/,
    );
    const done = await bench.restores();
    expect([grown(done, 'Successful'), grown(done, 'Interrupted')]).toEqual([ALL, 1]);
  });

  test('an end that cannot be understood needs a person', async () => {
    const garble = { kind: 'garble' as const, command: 'core getNotification', times: 40 };
    bench.up.setFaults([garble]);
    const failure = await failureOf((await bench.begin()).result());
    expect(['UnknownOutput', 'NeedsOperator']).toContain(failure.type);
  });

  test('a level of notifications that is too low is refused; forced, the restore is not proved', async () => {
    await bench.carbonio('config', 'set', 'global', 'ZxCore_NotificationLevel', 'Warning');
    const refused = await failureOf((await bench.begin()).result());
    expect(refused.type).toBe('HostNotReady');
    expect(refused.message).toContain('Information');
    expect(await bench.restores()).toEqual(before);
    const handle = await bench.begin({ ...ONE_BATCH, forceAsExternalRestore: true });
    const failure = await failureOf(handle.result());
    expect(failure.type).toBe('NeedsOperator');
    expect(failure.message).toMatch(/left no report/);
    await bench.carbonio('config', 'unset', 'global', 'ZxCore_NotificationLevel');
  });

  test('cancelled: the operation on the host is stopped, also one that does not listen at first', async () => {
    bench.up.setFaults([bench.held('ExternalRestore', 'phase1'), { kind: 'stop-ignored', times: 1 }]);
    const handle = await bench.begin(ONE_BATCH);
    await until(async () => (await handle.query<{ onHost: string | null }>('status')).onHost !== null);
    await handle.cancel();
    await until(async () => (await bench.names()).some(([, state]) => state === 'Stopping'));
    bench.letGo();
    const error: unknown = await handle.result().catch((e: unknown) => e);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(await bench.names()).toEqual([]);
    expect(grown(await bench.restores(), 'Successful')).toBeLessThan(ALL);
  });

  test('cancelled while it works: it is Stopped on the host before the turn is given back', async () => {
    bench.up.setFaults([bench.held('ExternalRestore', 'items')]);
    const handle = await bench.begin(ONE_BATCH);
    await until(async () =>
      (await handle.query<{ onHost: string | null }>('status')).onHost?.includes('batch'),
    );
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(await bench.names()).toEqual([]);
    expect(grown(await bench.restores(), 'Stopped')).toBe(1);
  });
});

describe('the worker is killed', () => {
  beforeEach(() => bench.up.setFaults([]));

  test.each([
    ['while it asks for the start', 'plan'],
    ['while the accounts are made', 'host'],
    ['while items are restored', 'batch'],
  ] as const)('%s: one operation on the host, nothing twice', async (_when, moment) => {
    const before = (await bench.restores()).length;
    bench.up.setFaults([
      bench.held('ExternalRestore', moment === 'batch' ? 'items' : 'phase1'),
      ...(moment === 'plan'
        ? [
            {
              kind: 'slow' as const,
              command: 'backup doExternalRestore',
              milliseconds: 1_200,
              times: 1,
            },
          ]
        : []),
    ]);
    const handle = await bench.begin({ accounts: ['a2', 'a3'] });
    if (moment === 'plan') await until(() => asked(handle.workflowId, 'provisioning', /journalledAt/));
    else if (moment === 'host') await until(() => asked(handle.workflowId, 'provisioning', /"id": "/));
    else await until(() => asked(handle.workflowId, 'batch-000000', /"id": "/));
    await bench.worker.kill();
    bench.startWorker();
    bench.letGo();
    const result = await handle.result();
    expect(result.restored + result.skipped).toBe(40);
    // the accounts, and one batch
    expect((await bench.restores()).length - before).toBe(2);
    const theirs = mailboxes(bench.up.places.mailboxes).filter((one) => /\/(joe|jim)\//.test(one));
    expect(theirs).toHaveLength(40);
  });
});

/** Whether this stands in the journal of a step of the restore. */
function asked(id: string, step: string, what: RegExp): boolean {
  const root = join(bench.state, 'carbonio');
  if (!existsSync(root)) return false;
  return readdirSync(root)
    .filter((name) => name.startsWith(id))
    .some((name) => {
      const file = join(root, name, `${step}.json`);
      return existsSync(file) && what.test(readFileSync(file, 'utf8'));
    });
}

test('every history of these replays', () => bench.replay());
