/** The worker is killed while invalid items are restored: held at each step, so that it is killed there and nowhere else. */
import { BUILT_BUNDLE, LIMIT, type Gate } from './bench';
import { InvalidBench, LONG } from './invalid-bench';

let bench: InvalidBench;
let report: string;
beforeAll(async () => {
  bench = new InvalidBench(BUILT_BUNDLE);
  for (const account of ['one', 'two']) bench.account(account);
  await bench.open();
  const worker = await bench.worker();
  report = await bench.restored();
  await worker.stop();
});
afterAll(() => bench.close());

test('while it changes, proves, restores and puts back: the old value, and each item once', async () => {
  await bench.has(LIMIT, '11000');
  const steps: [string, () => Gate][] = [
    ['the change is written', () => bench.gate({ kind: 'slow', command: 'zmlocalconfig -e' })],
    ['it is proved', () => bench.gate({ kind: 'slow', command: 'lmtp data' })],
    ['items are restored', () => bench.gate({ kind: 'hold', operation: 'ExternalRestore', at: 'items' })],
    ['it is put back', () => bench.gate({ kind: 'slow', command: 'zmlocalconfig -e' })],
  ];
  let [gate] = steps.splice(0, 1).map(([, make]) => make());
  let worker = await bench.worker();
  const handle = await bench.restoreInvalid('kills', { report: bench.only(report, 'one') });
  for (const [, next] of [...steps, ['', null] as const]) {
    await gate?.reached();
    await worker.kill();
    // what the dead worker has begun on the host comes to its end; the next one meets the next gate
    const before = gate;
    gate = next?.();
    before?.open();
    worker = await bench.worker();
  }
  expect(await bench.result(handle)).toMatchObject({
    ...{ status: 'completed', restored: 1 },
    change: { value: String(LONG), before: '11000', end: 'reverted' },
  });
  expect(bench.mails('one')).toEqual(['one long', 'one-300', 'one-301']);
  await bench.settled();
  expect(bench.written(LIMIT)).toBe('11000');
  expect(await bench.takes(11_001)).toBe(false);
  await worker.stop();
});

test('its workflow is terminated before a worker is back', async () => {
  const gate = bench.gate({ kind: 'hold', operation: 'ExternalRestore', at: 'items' });
  const worker = await bench.worker();
  const handle = await bench.restoreInvalid('gone', { report: bench.only(report, 'two') });
  await gate.reached();
  await worker.kill();
  await handle.terminate();
  expect(bench.written(LIMIT)).toBe(String(LONG));
  gate.open();
  await bench.worker();
  await bench.settled();
  expect(bench.written(LIMIT)).toBe('11000');
  expect(await bench.takes(11_001)).toBe(false);
  await bench.replay();
});
