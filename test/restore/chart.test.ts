/** The points of a report's chart: few, and the last one is where the restore ended. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ledger } from '../../src/ledger/ledger';
import { recordBatch } from '../../src/restore/record';
import { RestoreBench } from './bench';
import { accountInfo } from './store';

const ITEMS = 602;

test('at most one point a second, and at most 240', async () => {
  const bench = new RestoreBench();
  const clock = jest.spyOn(Date, 'now');
  try {
    bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
    for (let item = 0; item < ITEMS; item++)
      bench.store.message('a1', 300 + item, Buffer.from(`Subject: ${item}\r\n\r\nHello.\r\n`));
    const request = await bench.begin();
    const ledger = Ledger.open(bench.settings.stateDir);
    const operation = ledger.existingOperation(request.operationKey);
    const { scope, startedAt } = operation.row();
    const account = ledger.takeAccount(scope, operation.work(0).account);
    const brought = (item: number, seconds: number): void => {
      clock.mockReturnValue(startedAt + seconds * 1000);
      const outcome = { item, cursor: { bucket: 0, item }, counts: 'restored' as const };
      const rest = { notBegun: [], notes: [], done: false, streak: 0 };
      recordBatch({ operation, lane: 0, seq: 0, ledger: account, outcomes: [outcome], ...rest });
    };
    for (let second = 1; second <= ITEMS - 2; second++) brought(300 + second, second);
    const points = operation.points();
    expect(points.length).toBeGreaterThan(120);
    expect(points.length).toBeLessThanOrEqual(240);
    expect(points.at(-1)?.seconds).toBeGreaterThan(ITEMS - 10);
    for (const { seconds, items } of points) expect(items).toBe(seconds);
    const seconds = points.at(-1)?.seconds as number;
    brought(299, seconds + 20);
    brought(300, seconds + 20.2);
    expect(operation.points().filter((point) => point.seconds > seconds)).toHaveLength(1);
    await ledger.close();
    clock.mockRestore();
    const { dir } = await bench.report(request);
    const { progress } = JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as {
      progress: { seconds: number; items: number }[];
    };
    expect(progress.at(-1)).toEqual({ seconds: seconds + 20, items: ITEMS });
  } finally {
    clock.mockRestore();
    bench.remove();
  }
});

test('the chart of a restore that an earlier release began goes on', async () => {
  const bench = new RestoreBench();
  try {
    bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
    for (const item of [300, 301])
      bench.store.message('a1', item, Buffer.from('Subject: x\r\n\r\nHello.\r\n'));
    const request = await bench.begin();
    const ledger = Ledger.open(bench.settings.stateDir);
    const operation = ledger.existingOperation(request.operationKey);
    // it kept the points with the totals
    const old = [{ seconds: 0, items: 0 }];
    operation.transaction(() => operation.putTotals({ ...operation.totals(), points: old }));
    expect(operation.points()).toEqual(old);
    await bench.slice(request);
    expect(operation.points()).toEqual([...old, { seconds: expect.any(Number) as number, items: 2 }]);
    // it needs an array there, should it come back
    expect(operation.totals().points).toEqual([]);
    await ledger.close();
  } finally {
    bench.remove();
  }
});
