/** Many operations at once: the order is that in which the server took the requests, and none is lost or done twice. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { replayAll } from '../replay/replay';
import { makeBundle, QueueBench } from './bench';

let bundle: string;
let bench: QueueBench;
beforeAll(async () => {
  bundle = await makeBundle();
});
afterAll(() => rmSync(dirname(bundle), { recursive: true, force: true }));
beforeEach(async () => {
  bench = await new QueueBench(bundle).open();
  await bench.worker();
});
afterEach(async () => bench.close());

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `op-${n}`);

/** The operations in the order in which the server accepted their requests, from the queue's own histories. */
async function accepted(): Promise<string[]> {
  const found: string[] = [];
  let runId: string | undefined;
  do {
    const { events } = await bench.client.workflow.getHandle(bench.queueId, runId).fetchHistory();
    const here = (events ?? []).flatMap((event) => {
      const request = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
      const data = request?.input?.args?.payloads?.[0]?.data;
      if (request?.input?.name !== 'requestTurn' || !data) return [];
      return [(JSON.parse(Buffer.from(data).toString()) as { operationId: string }).operationId];
    });
    found.unshift(...here);
    runId = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  } while (runId);
  return found.map((id) => id.replace(`@${bench.host}`, ''));
}

/** A request that the server took twice (a lost answer) has its first place. */
const once = (ids: readonly string[]): string[] => [...new Set(ids)];

test('50 at once work one after the other, in the order in which the server took them', async () => {
  const all = names(50);
  const handles = await Promise.all(all.map((id) => bench.start(id, { ms: 30 })));
  expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual(all.map(() => 'done'));
  await bench.idle();
  expect(bench.groups()).toEqual(once(await accepted()));
  expect(bench.groups().sort()).toEqual([...all].sort());
  await bench.replay();
}, 300_000);

test('500 with a queue that continues as new all the time: none lost, none twice, and the first is not slowed', async () => {
  await bench.client.workflow.start('operationQueue', {
    workflowId: bench.queueId,
    taskQueue: bench.queueId,
    args: [{ host: bench.host, continueAsNewAfterEvents: 150 }],
  });
  const steps = { ms: 5, steps: 60 };
  /** From the start of a step to that of the next one: half of them take no longer. */
  const median = async (id: string): Promise<number> => {
    await bench.handle(id).result();
    const starts = bench
      .lines()
      .flatMap((line) => (line.id === id && line.what === 'start' ? [line.at] : []));
    const gaps = starts.slice(1).map((at, n) => at - (starts[n] ?? 0));
    return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? NaN;
  };
  await bench.start('alone', steps);
  const alone = await median('alone');

  await bench.line({ blocker: { ms: 600_000 } });
  await bench.line({ crowded: steps });
  const all = names(498);
  for (let from = 0; from < all.length; from += 100) {
    await Promise.all(all.slice(from, from + 100).map((id) => bench.start(id, { ms: 1 })));
  }
  await bench.until(
    'all are in the queue',
    async () => (await bench.operations().catch(() => [])).length === 500,
    300_000,
  );
  await bench.handle('blocker').cancel();
  const crowded = await median('crowded');
  // the same steps of the same operation, with 498 that wait behind it
  expect(crowded / alone).toBeLessThan(3);

  await Promise.all(all.map((id) => bench.handle(id).result()));
  await bench.idle();
  const order = bench.groups();
  expect(order).toEqual(['alone', 'blocker', 'crowded', ...once(await accepted()).slice(3)]);
  expect(order).toHaveLength(501);
  expect(new Set(order).size).toBe(501);
  expect(await replayAll(bench.client, bench.queueId, bundle)).toBeGreaterThan(20);
  for (const id of order) await replayAll(bench.client, bench.idOf(id), bundle);
}, 900_000);
