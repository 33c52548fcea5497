/** What holds when the queue alone cannot see to it: two servers on one host, processes that hang, a server that dies. */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { TurnOwner } from '../../src/contracts/operation-queue';
import { startServer, type TemporalServer } from '../../src/embedded/temporal-server';
import { sleep } from '../e2e/harness';
import { makeBundle, QueueBench } from './bench';

let bundle: string;
let server: TemporalServer | undefined;
const benches: QueueBench[] = [];
beforeAll(async () => {
  bundle = await makeBundle();
});
afterAll(() => rmSync(dirname(bundle), { recursive: true, force: true }));
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close();
  await server?.stop();
  server = undefined;
});

async function open(...args: ConstructorParameters<typeof QueueBench>): Promise<QueueBench> {
  const bench = await new QueueBench(...args).open();
  benches.push(bench);
  return bench;
}

const start = (bench: QueueBench): Promise<TemporalServer> =>
  startServer({ dbFile: join(bench.folder, 't.db'), logFile: join(bench.folder, 't.log'), fast: true });

/** Each has a queue of its own, so the order between the two is that of the lock; nobody works beside another one. */
async function expectOneAtATime(first: QueueBench, second: QueueBench): Promise<void> {
  await Promise.all([first.worker(), second.worker()]);
  const names = ['x', 'y', 'z'];
  const handles = await Promise.all([
    ...names.map((name) => first.start(`first-${name}`, { ms: 250, steps: 2 })),
    ...names.map((name) => second.start(`second-${name}`, { ms: 250, steps: 2 })),
  ]);
  await Promise.all(handles.map((handle) => handle.result()));
  expect(first.overlaps()).toEqual([]);
  const steps = first.lines().filter(({ what }) => what === 'start');
  expect(new Set(steps.map(({ id }) => id)).size).toBe(6);
  expect(steps.length).toBeGreaterThanOrEqual(12);
  await first.replay();
  await second.replay();
}

test('two servers, one host: nobody works beside another one', async () => {
  const first = await open(bundle);
  server = await start(first);
  const { host, lockDir, log } = first;
  await expectOneAtATime(first, await open(bundle, server.address, { host, lockDir, log }));
});

test('two namespaces of one server, one host: the same', async () => {
  const first = await open(bundle);
  server = await start(first);
  const namespace = 'other';
  const connection = await Connection.connect({ address: server.address });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  // known at once to the one that made it, to others after a moment
  const isKnown = (): Promise<boolean> =>
    new Client({ connection, namespace }).workflow
      .getHandle('nothing')
      .describe()
      .catch((error: unknown) => error)
      .then((answer) => answer instanceof WorkflowNotFoundError);
  await first.until('the namespace is known', isKnown);
  await connection.close();
  const { host, lockDir, log } = first;
  const inDefault = await open(bundle, server.address, { host, lockDir, log });
  await expectOneAtATime(inDefault, await open(bundle, server.address, { host, lockDir, log, namespace }));
});

test('the server dies and comes back on its database while one works and three wait', async () => {
  const before = await open(bundle);
  server = await start(before);
  const bench = await open(bundle, server.address);
  await bench.worker();
  await bench.line({ a: { ms: 3000, steps: 2 }, b: { ms: 50 }, c: { ms: 50 }, d: { ms: 50 } });
  await bench.until('a works', () => bench.works('a'));
  const port = Number(server.address.split(':')[1]);
  process.kill(server.process.pid, 'SIGKILL');
  await server.stop();
  server = await startServer({
    dbFile: join(before.folder, 't.db'),
    logFile: join(before.folder, 't.log'),
    fast: true,
    port,
  });
  for (const id of ['a', 'b', 'c', 'd']) expect(await bench.handle(id).result()).toBe('done');
  await bench.idle();
  expect(bench.groups()).toEqual(['a', 'b', 'c', 'd']);
  await bench.replay();
}, 300_000);

test('a worker that is stopped (SIGSTOP) keeps others out; its own operation goes on beside it', async () => {
  const bench = await open(bundle);
  const stopped = await bench.worker();
  await bench.line({ a: { ms: 4000 }, b: { ms: 50 } });
  await bench.until('a works', () => bench.works('a'));
  stopped.process.kill('SIGSTOP');
  const beside = await bench.worker();
  const byOther = (id: string): boolean => bench.linesOf(beside.process.pid).includes(id);
  await bench.until('a goes on in the other process', () => byOther('a'));
  expect(await bench.handle('a').result()).toBe('done');
  await sleep(3000);
  // who is stopped may hold a half-done batch in its hands: nobody else may begin
  expect(bench.groups()).toEqual(['a']);
  expect((await bench.handle('b').describe()).status.name).toBe('RUNNING');
  stopped.process.kill('SIGCONT');
  expect(await bench.handle('b').result()).toBe('done');
  expect(bench.groups()).toEqual(['a', 'b']);
  await bench.replay();
}, 300_000);

test('the waiting one says for whom and for which process it waits', async () => {
  const first = await open(bundle);
  server = await start(first);
  const { host, lockDir, log } = first;
  const second = await open(bundle, server.address, { host, lockDir, log });
  const [worker] = await Promise.all([first.worker(), second.worker()]);
  await first.start('far', { ms: 60_000 });
  await first.until('far works', () => first.works('far'));
  await second.start('near', { ms: 50 });
  const details = async (): Promise<string> => {
    const place = await second
      .queue()
      .query<{ waitsFor: string | null } | null, [TurnOwner]>('turnPlace', {
        operationId: second.idOf('near'),
        firstRunId: (await second.handle('near').describe()).runId,
      })
      .catch(() => null);
    return place?.waitsFor ?? '';
  };
  await second.until('it is said', async () => (await details()).includes(first.idOf('far')));
  expect(await details()).toContain(`process ${worker.process.pid}`);
  await first.handle('far').cancel();
  expect(await second.handle('near').result()).toBe('done');
  await first.replay();
  await second.replay();
});
