/** A restore over the stand-in's LMTP, whose answers are those of a real Carbonio. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';
import { CarbonioBench } from './carbonio-kit';

let host: CarbonioBench;
let bench: RestoreBench;
beforeEach(async () => {
  host = new CarbonioBench();
  await host.start();
  await host.carbonio('prov', 'ca', 'jane@example.com', 'x');
  await host.carbonio('prov', 'ca', 'joe@example.com', 'x', 'zimbraMailQuota', '10');
  bench = new RestoreBench();
});
afterEach(async () => {
  bench.remove();
  await host.remove();
});

test('the validator, the quota, an unknown account, and a duplicate that no answer tells of', async () => {
  const { store } = bench;
  ['jane', 'joe', 'who'].forEach((name) => store.writer.account(accountInfo(name, `${name}@example.com`)));
  store.message('jane', 300, mail('one'));
  store.message('jane', 301, mail('long', 'x'.repeat(10_241)));
  store.message('jane', 302, mail('two'));
  store.message('jane', 303, mail('one'), { folder: 5 });
  store.message('joe', 300, mail('three'));
  store.message('who', 300, mail('four'));
  const target = `lmtp://127.0.0.1:${host.up.settings.lmtpPort}/?wait=1`;
  const { counters, report, dir } = await bench.restore({ target, onInvalid: 'save' });
  const of = (name: string) => report.accounts[`${name}@example.com`]?.unrestored ?? [];
  expect(of('jane')).toMatchObject([{ item: 301, class: 'invalid', savedAs: 'invalid/jane/301.eml' }]);
  expect(of('jane')[0]?.reason).toMatch(/501 5\.5\.4 .*a line of 10241 bytes/);
  expect(readFileSync(join(dir, 'invalid/jane/301.eml'))).toEqual(mail('long', 'x'.repeat(10_241)));
  expect(of('joe')[0]?.reason).toMatch(/over quota \(552 5\.2\.2 Over quota\)/);
  expect(of('who')[0]?.reason).toMatch(/has no mailbox for who@example.com \(550 5\.1\.1/);
  // nobody can look: 250 counts, and the report says what that is worth
  expect(counters).toMatchObject({ restored: 3, unrestored: 3 });
  expect(report.notes.join('\n')).toMatch(/drops duplicates of a Message-ID with the same answer/);
  expect(host.subjects('jane@example.com').sort()).toEqual(['one', 'two']);
  const again = await bench.restore({ target });
  expect(again.counters).toMatchObject({ restored: 0, skipped: 3, unrestored: 3 });
}, 60_000);
