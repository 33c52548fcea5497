/** The promise of an IMAP target: whatever dies, in the end the server has every message exactly once. */
import { RestoreBench } from '../restore/bench';
import { connect, sleep, spawnWorker, startRestore, type TestWorker } from '../e2e/harness';
import { Dovecot, hasDovecot } from '../mail/servers/dovecot';
import { addAccount, addSecret, mailboxLines, userName } from '../mail/servers/kit';

let bench: RestoreBench;
let server: Dovecot | undefined;
let worker: TestWorker | undefined;
afterEach(async () => {
  await worker?.kill();
  await server?.stop();
  bench.remove();
});

(hasDovecot() ? test : test.skip)(
  'ten SIGKILLs of the worker while it appends to Dovecot',
  async () => {
    bench = new RestoreBench();
    process.env['LIFEBOAT_SECRETS_DIR'] = addSecret(bench);
    server = await new Dovecot().start();
    const expected = [1, 2, 3].map((number) => addAccount(bench, number, 6000));
    const address = process.env['LIFEBOAT_TEST_ADDRESS'] as string;
    const client = await connect(address);
    const taskQueue = `kill-imap-${Date.now()}`;
    const handle = await startRestore(client, taskQueue, `kill-imap-${Date.now()}`, {
      sourcePath: bench.store.root,
      target: `imap://127.0.0.1:${server.imapPort}/?secret=imap&settle=1`,
      concurrentAccounts: 2,
      advanced: { heartbeatSeconds: 2 },
    });
    let done = false;
    const result = handle.result();
    void result.finally(() => (done = true));
    const start = (): TestWorker => spawnWorker({ address, stateDir: bench.settings.stateDir, taskQueue });
    let kills = 0;
    for (; kills < 10 && !done; kills++) {
      worker = start();
      // it takes about a second to start; the accounts are then at work, or wait for the server to settle
      await sleep(1_000 + Math.random() * 1_500);
      await worker.kill();
      if (done) break;
    }
    worker = start();
    const summary = await result;
    expect(kills).toBe(10);
    expect(summary).toMatchObject({ status: 'completed', restored: 18_000, skipped: 0, unrestored: 0 });
    const port = server.imapPort;
    expected.forEach((lines, i) => expect(mailboxLines(port, userName(i + 1))).toEqual(lines));
    expect(await worker.stop()).toBe(0);
    await client.connection.close();
  },
  180_000,
);
