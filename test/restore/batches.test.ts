/** How many items a target is given before the ledger is written: more while it is fast, fewer when it is slow. */
import { Ledger } from '../../src/ledger/ledger';
import { RestoreBench } from './bench';
import { accountInfo } from './store';

let bench: RestoreBench;
beforeEach(() => {
  bench = new RestoreBench();
  bench.store.writer.account(accountInfo('a1', 'jane@example.com'));
  for (let item = 0; item < 4000; item++)
    bench.store.message('a1', 300 + item, Buffer.from(`Subject: ${item}\r\n\r\nHello.\r\n`));
});
afterEach(() => {
  jest.restoreAllMocks();
  bench.remove();
});

/** @param slowFrom from this batch on each of them takes ten seconds by the clock @returns how large each was */
async function batches(slowFrom: number): Promise<number[]> {
  const request = await bench.begin();
  const sizes: number[] = [];
  let before = 0;
  const ledger = Ledger.open(bench.settings.stateDir);
  const operation = ledger.existingOperation(request.operationKey);
  const realNow = Date.now.bind(Date);
  // a clock that stands still; where the target is slow every look at it is ten seconds later
  let now = realNow();
  jest.spyOn(Date, 'now').mockImplementation(() => (now += sizes.length >= slowFrom ? 10_000 : 0));
  const onProgress = (): void => {
    const { handled } = operation.totals();
    if (handled > before) sizes.push(handled - before);
    before = handled;
  };
  for (let more = true; more;) ({ more } = await bench.slice(request, { onProgress, seconds: 1e6 }));
  await ledger.close();
  expect(before).toBe(4000);
  return sizes;
}

test('up to 1,024 at a time; fewer once it is slow, but not below 256', async () => {
  // each is read before anybody knows how the one before was taken
  expect(await batches(3)).toEqual([256, 256, 512, 512, 1024, 512, 256, 256, 256, 160]);
});
