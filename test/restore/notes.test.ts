/** What a report says of an account as a whole. */
import { renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { TASKS } from '../../src/restore/tasks';
import { RestoreBench } from './bench';
import { accountInfo } from './store';

test('what is said of an account later does not replace what was said before', async () => {
  const bench = new RestoreBench();
  try {
    const { store, settings } = bench;
    const dataSources = [{ name: 'old mail', type: 'imap', host: 'old.example.com', user: 'jane' }];
    store.writer.account(accountInfo('a1', 'jane@example.com', { dataSources }));
    store.message('a1', 300, Buffer.from('Subject: there\r\n\r\nHello.\r\n'));
    // it cannot be read while the accounts are created, and later it can
    const info = join(store.root, 'accounts/a1/account_info');
    renameSync(info, `${info}.away`);
    symlinkSync('account_info', info);
    const request = await bench.begin({ restoreDatasource: true });
    unlinkSync(info);
    renameSync(`${info}.away`, info);
    await bench.slice(request);
    // a step that is done twice says a thing once
    for (let i = 0; i < 2; i++)
      await TASKS.extras({ request, settings }, { progress: () => undefined, stopRequested: () => false });
    const { report, counters } = await bench.report(request);
    expect(counters).toMatchObject({ restored: 1, unrestored: 0 });
    const notes = report.accounts['jane@example.com']?.notes.filter(({ item }) => item === 0);
    expect(notes).toHaveLength(1);
    expect(notes?.[0]?.text.match(/was unreadable when accounts were created/g)).toHaveLength(1);
    expect(notes?.[0]?.text.match(/1 data source is listed/g)).toHaveLength(1);
  } finally {
    bench.remove();
  }
});
