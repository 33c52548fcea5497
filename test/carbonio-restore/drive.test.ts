/** One operation of the stand-in, started, followed and stopped by what stands in its journal. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CarbonioCli, type CallOptions } from '../../src/carbonio/cli';
import { parseCommand } from '../../src/carbonio/command-line';
import { Runner } from '../../src/carbonio/runner';
import { drive, stop, type DriveOptions } from '../../src/carbonio-restore/drive';
import { isSettled } from '../../src/carbonio-restore/find-started';
import { StepJournal, type Step } from '../../src/carbonio-restore/journal';
import { askFor, dropList, renewList } from '../../src/carbonio-restore/plan';
import { externalRestoreInput } from '../../src/contracts/external-restore';
import { Problem } from '../../src/failures';
import { CarbonioBench } from '../embedded/carbonio-kit';
import { accountInfo, mail } from '../restore/store';

/** Takes 120 seconds by the clock for a start, and answers nothing. `afterLook`: when the list was looked through after it. */
class SlowHost extends CarbonioCli {
  starts = 0;
  afterLook: () => Promise<void> = () => Promise.resolve();
  override async call(words: readonly string[], options: CallOptions = {}) {
    if (words.includes('doExternalRestore')) {
      this.starts++;
      later(120_000);
      throw new Problem('CommandTimeout', 'It did not end within 120 s.');
    }
    const answer = await super.call(words, options);
    if (this.starts > 0 && words.includes('getUnfinishedOperationLog')) await this.afterLook();
    return answer;
  }
}
const realNow = Date.now;
let ahead = 0;
const later = (milliseconds: number): void => void (ahead += milliseconds);

let bench: CarbonioBench;
let cli: CarbonioCli;
let slow: SlowHost;
beforeAll(async () => {
  bench = new CarbonioBench();
  for (const id of ['a1', 'a2', 'a3']) {
    bench.store.writer.account(accountInfo(id, `${id}@example.com`));
    bench.store.message(id, 300, mail(id));
  }
  const { env } = await bench.start();
  const quiet = { debug: () => undefined, warn: () => undefined };
  const command = parseCommand(env['LIFEBOAT_CARBONIO_COMMAND'] ?? '');
  const runner = new Runner({ log: quiet, user: '' });
  cli = new CarbonioCli(runner, { command, timeoutMs: 30_000 });
  slow = new SlowHost(runner, { command, timeoutMs: 120_000 });
  mkdirSync(join(bench.dir, 'steps'));
});
afterAll(() => bench.remove());
beforeEach(() => {
  bench.up.setFaults([]);
  ahead = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + ahead);
  Object.assign(slow, { starts: 0, afterLook: () => Promise.resolve() });
});
afterEach(() => void jest.restoreAllMocks());

const input = externalRestoreInput.parse({ sourcePath: '/mnt/old' });
/** @param listLimit so few characters that any list is a long one, or many */
function asked(accounts: number[], listLimit: number): Step {
  const row = (id: string) => ({ id, name: `${id}@example.com`, excluded: null, defect: null });
  const plan = {
    accounts: ['a1', 'a2', 'a3'].map((id) => ({ ...row(id), counters: null, status: null, quota: null })),
    source: { path: bench.source, serverName: '', serverId: '', dialect: '' },
  };
  return askFor(plan, { phase: 'items', accounts }, input, listLimit);
}
const provisioned = (step: Step): Step => ({
  ...step,
  values: { ...step.values, skip_account_provisioning: false, skip_domain_provisioning: false },
});
const journalOf = (name: string, step: Step): StepJournal => {
  const journal = new StepJournal(join(bench.dir, 'steps', `${name}.json`));
  journal.write(step);
  return journal;
};
function options(journal: StepJournal, told: (string | null)[] = []): DriveOptions {
  return {
    ...{ cli, journal, signal: new AbortController().signal, pollMs: 50, settleMs: 1_500, graceMs: 1_000 },
    ...{ attempts: 3, onHost: (id) => void told.push(id) },
  };
}

test('a long list of accounts goes by a file that everybody can read; gone, it is written again', async () => {
  const step = provisioned(asked([0, 2], 1));
  const file = String(step.values['input_file']);
  expect(step.values).not.toHaveProperty('accounts');
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['a1\na3\n', 0o644]);
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o755);
  rmSync(dirname(file), { recursive: true });
  const journal = journalOf('long', step);
  const renewed = renewList(journal, step);
  expect(renewList(journal, renewed)).toBe(renewed);
  const driven = await drive(options(journal), Date.now() + 60_000);
  expect(driven).toMatchObject({ state: 'ended', result: { outcome: 'successful' } });
  expect([bench.subjects('a1@example.com'), bench.subjects('a3@example.com')]).toEqual([['a1'], ['a3']]);
  expect(existsSync(join(bench.up.places.mailboxes, 'example.com', 'a2'))).toBe(false);
  dropList(renewed);
  expect(existsSync(dirname(String(renewed.values['input_file'])))).toBe(false);
});

test('a list that fits is a parameter', () => {
  expect(asked([0, 1], 60_000).values).toMatchObject({ accounts: ['a1', 'a2'] });
});

/** As a worker leaves it that was killed before it heard an id. */
async function unheard(step: Step): Promise<Step> {
  const before = (await bench.json('core', 'getOperationLog')).operationList.map(({ id }) => id);
  const call = { journalledAt: Date.now(), callEnd: Date.now() };
  return { ...step, attempts: [{ before, notificationsBefore: [], ...call, id: null, lost: null }] };
}

test('stopped while its id is not known: it is found, stopped, and that stands in the journal', async () => {
  bench.up.setFaults([{ kind: 'hold', operation: 'ExternalRestore', at: 'start', milliseconds: 60_000 }]);
  const journal = journalOf('unheard', await unheard(asked([1], 60_000)));
  const id = await bench.restore('accounts', 'a2');
  const told: (string | null)[] = [];
  await stop(options(journal, told));
  expect(await bench.names()).toEqual([]);
  const { operationList } = await bench.json('core', 'getOperationLog');
  expect(operationList.find((one) => one.id === id)?.state).toBe('Stopped');
  expect(journal.read()).toMatchObject({ attempts: [{ id }], result: { outcome: 'stopped' } });
  expect(told).toEqual([null]);
});

test('stopped while its id is not known, and it never was started: only after it cannot come any more', async () => {
  const step = await unheard(asked([0], 60_000));
  const journal = journalOf('never', step);
  const told: (string | null)[] = [];
  await stop(options(journal, told));
  expect(Date.now()).toBeGreaterThan((step.attempts[0]?.journalledAt ?? 0) + 1_500);
  expect([told, journal.read()?.result]).toEqual([[null], null]);
});

test('settled is counted from the end of the call, and after a crash from when it had to end', () => {
  const journalledAt = Date.now();
  const settled = (callEnd?: number): boolean => isSettled({ journalledAt, callEnd }, 60_000, 120_000);
  later(120_000);
  expect(settled(Date.now())).toBe(false);
  later(59_000);
  expect([settled(), settled(journalledAt + 120_000), settled(journalledAt)]).toEqual([false, false, true]);
  later(2_000);
  expect([settled(), settled(journalledAt + 120_000)]).toEqual([true, true]);
});

describe('the host takes longer for a start than it is waited for', () => {
  const patient = (journal: StepJournal): DriveOptions => ({
    ...options(journal),
    cli: slow,
    settleMs: 60_000,
  });
  const asksInVain = async (journal: StepJournal): Promise<void> => {
    slow.afterLook = () => Promise.resolve(later(61_000));
    const error: unknown = await drive(patient(journal), Date.now()).catch((e: unknown) => e);
    expect((error as Problem).type).toBe('CommandTimeout');
    expect(journal.read()?.attempts).toMatchObject([{ id: null, lost: expect.any(String) }]);
    slow.afterLook = () => Promise.resolve();
  };

  test('accepted a moment after the first look: it is adopted', async () => {
    const journal = journalOf('slow', asked([0], 60_000));
    let id = '';
    slow.afterLook = async () => {
      if (id === '') id = await bench.restore('accounts', 'a1');
    };
    const driven = await drive(patient(journal), Date.now() + 600_000);
    expect(driven).toMatchObject({ state: 'ended', result: { outcome: 'successful' } });
    expect([slow.starts, journal.read()?.attempts.map((one) => one.id)]).toEqual([1, [id]]);
  });

  test('accepted when it was given up: the next attempt adopts it, and starts nothing', async () => {
    const journal = journalOf('slower', asked([1], 60_000));
    await asksInVain(journal);
    const id = await bench.restore('accounts', 'a2');
    // also where only one start is allowed
    const driven = await drive({ ...patient(journal), attempts: 1 }, Date.now() + 600_000);
    expect(driven).toMatchObject({ state: 'ended', result: { outcome: 'successful' } });
    expect([slow.starts, journal.read()?.attempts.map((one) => one.id)]).toEqual([1, [id]]);
  });

  test('accepted when it was given up, and then cancelled: it is stopped', async () => {
    bench.up.setFaults([{ kind: 'hold', operation: 'ExternalRestore', at: 'start', milliseconds: 60_000 }]);
    const journal = journalOf('cancelled', asked([2], 60_000));
    await asksInVain(journal);
    const id = await bench.restore('accounts', 'a3');
    await stop(patient(journal));
    expect(await bench.names()).toEqual([]);
    expect(journal.read()).toMatchObject({ attempts: [{ id }], result: { outcome: 'stopped' } });
  });
});
