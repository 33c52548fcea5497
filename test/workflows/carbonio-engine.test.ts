/** The engine carbonio against a real Temporal server and the stand-in host. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { until } from '../embedded/carbonio-kit';
import { EngineBench, mailboxes } from './carbonio-bench';

jest.setTimeout(120_000);
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
  accounts: Record<string, { unrestored: { item: number; class: string; path?: string; error?: string }[]; notes: object[] }>;
}
const reportIn = (dir: string): Report => JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as Report;

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
  await bench.replay();
});
