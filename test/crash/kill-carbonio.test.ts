/** The promise of a Carbonio target: whatever dies, in the end the server has every item exactly once. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StandIn } from '../../src/embedded/carbonio/start';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';
import { connect, sleep, spawnWorker, startRestore, type TestWorker } from '../e2e/harness';
import { accountDir, boxLines, digestOf, line, standInFor, targetUrl } from '../mail/servers/stand-in';
import { addSecret, userName } from '../mail/servers/kit';

const ACCOUNTS = 3;
const ITEMS = 400;

let bench: RestoreBench;
let standIn: StandIn | undefined;
let worker: TestWorker | undefined;
afterEach(async () => {
  await worker?.kill();
  await standIn?.stop();
  bench.remove();
});

/** Messages, a tenth of them alike, and a contact for every twenty-five. */
function fill(number: number): string[] {
  const id = `acc-${number}`;
  bench.store.writer.account(accountInfo(id, userName(number)));
  const expected: string[] = [];
  for (let i = 0; i < ITEMS; i++) {
    const isContact = i % 25 === 3;
    const content = isContact
      ? Buffer.from(`BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Person ${i}\r\nEND:VCARD\r\n`)
      : mail(i % 10 === 0 ? 'alike' : `m ${number} ${i}`, i % 2 === 0 ? 'Grüße' : 'Hello');
    const date = Date.UTC(2024, 0, 1);
    bench.store.message(id, 1000 + i, content, {
      date,
      ...(isContact ? { type: 'contact', folder: 7 } : {}),
    });
    const [type, path] = isContact ? ['cn', '/Contacts'] : ['m', '/Inbox'];
    expected.push(line(type, path, '', [], date, digestOf(type, content)));
  }
  return expected.sort();
}

function count(standIn_: StandIn): number {
  return Array.from({ length: ACCOUNTS }, (_, i) => join(accountDir(standIn_, userName(i + 1)), 'items'))
    .filter((dir) => existsSync(dir))
    .reduce((sum, dir) => sum + readdirSync(dir).length, 0);
}

test('SIGKILLs of the worker and of the server while it restores by SOAP', async () => {
  bench = new RestoreBench();
  const server = (standIn = await standInFor(bench));
  process.env['LIFEBOAT_SECRETS_DIR'] = addSecret(bench, 'unused');
  const expected = Array.from({ length: ACCOUNTS }, (_, i) => fill(i + 1));
  const address = process.env['LIFEBOAT_TEST_ADDRESS'] as string;
  const client = await connect(address);
  const taskQueue = `kill-carbonio-${Date.now()}`;
  const handle = await startRestore(client, taskQueue, `kill-carbonio-${Date.now()}`, {
    sourcePath: bench.store.root,
    target: targetUrl(server, '&settle=1'),
    concurrentAccounts: 2,
    advanced: { heartbeatSeconds: 2 },
  });
  let done = false;
  const result = handle.result();
  void result.finally(() => (done = true));
  const start = (): TestWorker => spawnWorker({ address, stateDir: bench.settings.stateDir, taskQueue });
  /** Until the mailboxes have grown, and a moment more: in the middle of some batch. */
  const inTheMiddle = async (): Promise<void> => {
    const before = count(server);
    while (!done && count(server) < before + 40) await sleep(10);
    await sleep(Math.random() * 30);
  };
  let kills = 0;
  for (; kills < 3 && !done; kills++) {
    worker = start();
    await inTheMiddle();
    if (!done && kills % 2 === 1) {
      await server.kill();
      await server.restart();
    }
    await worker.kill();
    if (done) break;
  }
  worker = start();
  const summary = await result;
  expect(kills).toBe(3);
  const restored = ACCOUNTS * ITEMS;
  expect(summary).toMatchObject({ status: 'completed', restored, skipped: 0, unrestored: 0 });
  expected.forEach((lines, i) => expect(boxLines(server, userName(i + 1))).toEqual(lines));
  expect(await worker.stop()).toBe(0);
  await client.connection.close();
}, 180_000);
