/** The promise of the product: whatever is killed, in the end every item is there exactly once. */
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type TemporalServer } from '../../src/embedded/temporal-server';
import { connect, sleep, spawnWorker, startRestore, type TestWorker } from '../e2e/harness';
import { makeBigStore, type Expected } from './big-store';
import { countMessages, leftovers, readMailbox } from './mailboxes';

let folder: string;
let worker: TestWorker | undefined;
let server: TemporalServer | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-kill-'));
});
afterEach(async () => {
  await worker?.kill();
  worker = undefined;
  await server?.stop();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const mailDir = () => join(folder, 'mail');
const input = () => ({
  sourcePath: join(folder, 'store'),
  target: `maildir:${mailDir()}`,
  concurrentAccounts: 2,
  // so that a dead worker is noticed while the test is still young
  advanced: { heartbeatSeconds: 2 },
});

/** Waits until the mailboxes have grown, then a random moment more: in the middle of some batch. */
async function inTheMiddle(isDone: () => boolean): Promise<void> {
  const before = countMessages(mailDir());
  while (!isDone() && countMessages(mailDir()) === before) await sleep(20);
  await sleep(Math.random() * 400);
}

function expectExactlyOnce(expected: Expected): void {
  for (const [mailbox, lines] of expected.mailboxes) {
    const maildir = join(mailDir(), mailbox, 'Maildir');
    const found = readMailbox(maildir);
    expect(found).toHaveLength(lines.length);
    expect(found).toEqual(lines);
    expect(leftovers(maildir)).toEqual([]);
  }
}

test('ten SIGKILLs of the worker at random moments of one restore', async () => {
  const expected = makeBigStore(join(folder, 'store'), 4, 4000);
  const stateDir = join(folder, 'state');
  const taskQueue = `kill-worker-${Date.now()}`;
  const address = process.env.LIFEBOAT_TEST_ADDRESS as string;
  const client = await connect(address);
  const handle = await startRestore(client, taskQueue, `kill-${Date.now()}`, input());
  const result = handle.result();
  let done = false;
  void result.finally(() => (done = true));
  let kills = 0;
  while (kills < 10 && !done) {
    worker = spawnWorker({ address, stateDir, taskQueue });
    // one in the first moments of its life (planning, provisioning, taking over), the others at work
    if (kills === 0) await sleep(900 + Math.random() * 600);
    else await inTheMiddle(() => done);
    await worker.kill();
    if (done) break;
    kills++;
  }
  worker = spawnWorker({ address, stateDir, taskQueue });
  const summary = await result;
  expect(kills).toBe(10);
  expect(summary).toMatchObject({
    status: 'completed',
    restored: expected.items,
    skipped: 0,
    unrestored: 0,
    source: expected.items,
  });
  expectExactlyOnce(expected);
  const report = JSON.parse(readFileSync(join(summary.reportDir, 'report.json'), 'utf8'));
  expect(report.totals).toMatchObject({ restored: expected.items });
  expect(await worker.stop()).toBe(0);
  await client.connection.close();
}, 180_000);

test('SIGKILL of worker and server together, three times', async () => {
  const expected = makeBigStore(join(folder, 'store'), 3, 2000);
  const stateDir = join(folder, 'state');
  const taskQueue = 'kill-both';
  const dbFile = join(folder, 'temporal.db');
  const start = (): Promise<TemporalServer> => startServer({ dbFile, logFile: join(folder, 'temporal.log') });
  server = await start();
  const first = await connect(server.address);
  await startRestore(first, taskQueue, 'kill-both', input());
  await first.connection.close();
  for (let kills = 0; kills < 3; kills++) {
    worker = spawnWorker({ address: server.address, stateDir, taskQueue });
    await inTheMiddle(() => false);
    process.kill(server.process.pid, 'SIGKILL');
    await worker.kill();
    await server.stop();
    server = await start();
  }
  worker = spawnWorker({ address: server.address, stateDir, taskQueue });
  const client = await connect(server.address);
  const summary = await client.workflow.getHandle('kill-both').result();
  expect(summary).toMatchObject({ status: 'completed', restored: expected.items, skipped: 0, unrestored: 0 });
  expectExactlyOnce(expected);
  await client.connection.close();
}, 180_000);
