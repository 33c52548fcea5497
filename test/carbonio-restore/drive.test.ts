/** One operation of the stand-in, started, followed and stopped by what stands in its journal. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CarbonioCli } from '../../src/carbonio/cli';
import { parseCommand } from '../../src/carbonio/command-line';
import { Runner } from '../../src/carbonio/runner';
import { drive, stop, type DriveOptions } from '../../src/carbonio-restore/drive';
import { StepJournal, type Step } from '../../src/carbonio-restore/journal';
import { askFor, dropList, renewList } from '../../src/carbonio-restore/plan';
import { externalRestoreInput } from '../../src/contracts/external-restore';
import { CarbonioBench } from '../embedded/carbonio-kit';
import { accountInfo, mail } from '../restore/store';

let bench: CarbonioBench;
let cli: CarbonioCli;
beforeAll(async () => {
  bench = new CarbonioBench();
  for (const id of ['a1', 'a2', 'a3']) {
    bench.store.writer.account(accountInfo(id, `${id}@example.com`));
    bench.store.message(id, 300, mail(id));
  }
  const { env } = await bench.start();
  const quiet = { debug: () => undefined, warn: () => undefined };
  const command = parseCommand(env['LIFEBOAT_CARBONIO_COMMAND'] ?? '');
  cli = new CarbonioCli(new Runner({ log: quiet, user: '' }), { command, timeoutMs: 30_000 });
  mkdirSync(join(bench.dir, 'steps'));
});
afterAll(() => bench.remove());
beforeEach(() => bench.up.setFaults([]));

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
  const journalledAt = Date.now();
  return { ...step, attempts: [{ before, notificationsBefore: [], journalledAt, id: null, lost: null }] };
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
