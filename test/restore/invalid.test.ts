/** The invalid items of a report, and what a restore of them leaves of the report before it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { restoreInvalidItemsInput } from '../../src/contracts/restore-invalid-items';
import { retryUnrestoredInput } from '../../src/contracts/retry-unrestored';
import type { RetriedInvalid } from '../../src/report/model';
import { leftOf, surveyInvalid } from '../../src/restore/invalid';
import { planRetry } from '../../src/restore/retry';
import { TASKS } from '../../src/restore/tasks';
import { RestoreBench } from './bench';
import { accountInfo, mail, SERVER_ID } from './store';

let bench: RestoreBench;
beforeEach(() => {
  bench = new RestoreBench();
  for (const id of ['a1', 'a2']) {
    bench.store.writer.account(accountInfo(id, `${id}@example.com`));
    bench.store.message(id, 300, mail(`${id} short`));
  }
  bench.store.message('a1', 301, mail('longer', 'x'.repeat(11_000)));
  bench.store.message('a1', 302, mail('longest', 'y'.repeat(30_000)));
});
afterEach(() => bench.remove());

const NAME = { operationId: 'invalid', operationKey: 'invalid' };
const QUIET = { progress: () => undefined, stopRequested: () => false };
const limited = (): string => `maildir:${bench.mailDir}?maxLineLength=10240`;
const survey = (report: string) =>
  surveyInvalid(bench.settings.stateDir, NAME, restoreInvalidItemsInput.parse({ report }));

test('which they are, their longest line, and a restore of these only', async () => {
  bench.store.dropBlob(bench.store.message('a2', 303, mail('missing')));
  const { dir } = await bench.restore({ target: limited() });
  const found = await survey(dir);
  expect(found).toMatchObject({
    ...{ items: 2, longest: { bytes: 30_000, account: 'a1@example.com', item: 302 }, target: limited() },
    accounts: [{ name: 'a1@example.com', items: 2, ids: [301, 302] }],
    restore: { sourcePath: bench.store.root, onInvalid: 'report' },
  });
  expect(JSON.parse(readFileSync(found.list ?? '', 'utf8'))).toEqual({ a1: [301, 302] });
});

test('of a blob that is gone by now the report knows the length', async () => {
  const digest = bench.store.message('a1', 302, mail('longest', 'z'.repeat(40_000)));
  const { dir } = await bench.restore({ target: limited() });
  bench.store.dropBlob(digest);
  expect((await survey(dir)).longest).toMatchObject({ bytes: 40_000, item: 302 });
});

test('the report of the restore counts them by where they are in the end', async () => {
  const request = await bench.begin({ target: limited() });
  await bench.slice(request);
  const ending = {
    ...{ status: 'completed' as const, endedAt: 0, phases: [], notifications: [], engineReason: '' },
  };
  const draft = await TASKS.report({ request, settings: bench.settings, ending }, QUIET);
  expect(draft.head).toMatchObject({ status: 'partial', totals: { restored: 2, unrestored: 2 } });
  const found = await survey(draft.dir);
  // one of them is taken now
  const wider = `maildir:${bench.mailDir}?maxLineLength=20000`;
  const child = await bench.restore({ ...found.restore, target: wider });
  const { restored, ...left } = leftOf(found.list ?? '', child.dir);
  expect(left).toEqual({ unrestored: 1, stillInvalid: 1 });
  expect([...(restored.get('a1') ?? [])]).toEqual([301]);

  const retriedInvalid: RetriedInvalid = {
    ...{ operationId: 'x/invalid', items: 2, restored: 1, stillInvalid: 1, how: 'nothing is changed' },
    ...{ list: found.list, reportDir: child.dir },
  };
  const report = (more: Partial<RetriedInvalid>) =>
    TASKS.report(
      {
        request,
        settings: bench.settings,
        ending: { ...ending, retriedInvalid: { ...retriedInvalid, ...more } },
      },
      QUIET,
    );
  const { head } = await report({});
  expect(head).toMatchObject({
    ...{ status: 'partial', totals: { restored: 3, unrestored: 1 } },
    unrestoredByClass: { invalid: 1 },
  });
  const json = JSON.parse(readFileSync(join(draft.dir, 'report.json'), 'utf8')) as {
    accounts: Record<string, { restored: number; unrestored: { item: number }[] }>;
  };
  expect(json.accounts['a1@example.com']).toMatchObject({ restored: 2, unrestored: [{ item: 302 }] });

  // the rest too: then everything is there
  const all = await bench.restore({ ...found.restore, target: `maildir:${bench.mailDir}` });
  expect((await report({ reportDir: all.dir })).head).toMatchObject({
    ...{ status: 'completed', totals: { restored: 4, unrestored: 0 } },
  });
  // a report that is gone: they stay where they were, and it says so
  const unread = (await report({ reportDir: join(bench.folder, 'gone') })).head;
  expect(unread.totals.unrestored).toBe(2);
  expect(unread.notes[0]).toMatch(/cannot be read, so they stand here as before/);
  // it failed
  const failed = (await report({ reportDir: null, list: null, failure: 'no probe' })).head;
  expect(failed.notes[0]).toBe('The invalid items were not restored by x/invalid: no probe');
});

/** A report of the engine carbonio. */
function ofHost(accounts: object): string {
  const dir = join(bench.folder, 'of-host');
  mkdirSync(dir, { recursive: true });
  const report = {
    ...{ operationId: 'x', engine: { name: 'carbonio', reason: '' }, target: { url: 'carbonio:host' } },
    source: { path: bench.store.root, serverId: SERVER_ID },
    options: { filterDeleted: true, maxFileSize: null, onInvalid: 'report', provisioning: {} },
    accounts,
  };
  writeFileSync(join(dir, 'report.json'), JSON.stringify(report));
  return dir;
}

test('what the mail host restored it is asked for again, without making accounts anew', () => {
  const plan = (accounts: object, more = {}) =>
    planRetry(
      bench.settings.stateDir,
      NAME,
      retryUnrestoredInput.parse({ report: ofHost(accounts), ...more }),
    );
  const made = { 'a1@example.com': { id: 'a1', unrestored: [{ item: 301, class: 'broken' }] } };
  const never = { a2: { id: 'a2', unrestored: [{ item: 300, class: 'broken' }] } };
  const { restore, items } = plan({ ...made, ...never });
  expect(items).toBe(1);
  expect(restore).toMatchObject({
    ...{ engine: 'carbonio', skipAccountProvisioning: true, skipDomainProvisioning: true },
  });
  expect(restore?.target).toBeUndefined();
  expect(() => plan(never)).toThrow(/has never made the accounts a2.*engine carbonio, accounts \["a2"\]/s);
  // into another target the direct engine can
  expect(plan(never, { target: limited() }).restore).toMatchObject({ target: limited() });
});
