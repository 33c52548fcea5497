/** Accounts whose backup was off on the old server. */
import { RestoreBench } from './bench';
import { accountInfo, mail } from './store';

let bench: RestoreBench;
beforeEach(() => {
  bench = new RestoreBench();
});
afterEach(() => bench.remove());

test('marked as deleted by the scan: left out like every deleted one, and the report says why; else restored with a note', async () => {
  const { writer } = bench.store;
  writer.account(accountInfo('a1', 'jane@example.com', { backupEnabled: false, status: 'deleted' }));
  writer.account(accountInfo('a2', 'joe@example.com', { backupEnabled: false }));
  writer.account(accountInfo('a3', 'jim@example.com', { status: 'deleted' }));
  for (const id of ['a1', 'a2', 'a3']) bench.store.message(id, 300, mail(id));
  const { report } = await bench.restore();
  const text = JSON.stringify(report);
  expect(report.accounts['jane@example.com']).toMatchObject({
    excluded: 'its backup was off, so it counts as deleted',
  });
  expect(report.accounts['jim@example.com']).toMatchObject({ excluded: 'a deleted account' });
  expect(report.accounts['joe@example.com']).not.toHaveProperty('excluded');
  expect(text.match(/[^"]*its backup was off on the old server[^"]*/g)).toEqual([
    expect.stringMatching(/^joe@example\.com: /),
  ]);
  expect((await bench.restore({ filterDeleted: false })).counters).toMatchObject({ restored: 2, skipped: 1 });
});
