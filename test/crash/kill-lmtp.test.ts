/** The promise of an LMTP target with a lookup: whatever dies, in the end the server has every message exactly once. */
import { RestoreBench } from '../restore/bench';
import { connect, sleep, spawnWorker, startRestore, type TestWorker } from '../e2e/harness';
import { Dovecot, hasDovecot } from '../mail/servers/dovecot';
import { addMessages, addSecret, deliveredTo, userName } from '../mail/servers/kit';

let bench: RestoreBench;
let server: Dovecot | undefined;
let worker: TestWorker | undefined;
beforeEach(() => (bench = new RestoreBench()));
afterEach(async () => {
  await worker?.kill();
  await server?.stop();
  bench.remove();
});

(hasDovecot() ? test : test.skip).each(['with', 'without'])(
  'SIGKILLs of the worker while it delivers to Dovecot, %s a lookup',
  async (lookup) => {
    process.env['LIFEBOAT_SECRETS_DIR'] = addSecret(bench);
    server = await new Dovecot().start();
    const expected = addMessages(bench, 1, 250);
    const address = process.env['LIFEBOAT_TEST_ADDRESS'] as string;
    const client = await connect(address);
    const taskQueue = `kill-lmtp-${lookup}-${Date.now()}`;
    const seen = `&lookup=imap://127.0.0.1:${server.imapPort}/?secret=imap&settle=1`;
    const handle = await startRestore(client, taskQueue, taskQueue, {
      sourcePath: bench.store.root,
      target: `lmtp://127.0.0.1:${server.lmtpPort}/?connections=2${lookup === 'with' ? seen : ''}`,
      advanced: { heartbeatSeconds: 2 },
    });
    const start = (): TestWorker => spawnWorker({ address, stateDir: bench.settings.stateDir, taskQueue });
    const saved = (): number => (server as Dovecot).log().split('saved mail to').length - 1;
    for (let kills = 0; kills < 2; kills++) {
      worker = start();
      // while it is at work: some more messages are in
      for (const before = saved(); saved() < before + 30;) await sleep(20);
      await worker.kill();
    }
    worker = start();
    const summary = await handle.result();
    const there = deliveredTo(server.imapPort, userName(1));
    if (lookup === 'with') {
      expect(summary).toMatchObject({ status: 'completed', restored: 250, skipped: 0, unrestored: 0 });
      expect(there).toEqual(expected);
    } else {
      // of each death at most one batch of 16 is in doubt, and nothing is ever sent twice
      expect(summary.restored + summary.unrestored).toBe(250);
      expect(summary.unrestored).toBeLessThanOrEqual(2 * 16);
      expect(new Set(there).size).toBe(there.length);
      expect(there.length).toBeGreaterThanOrEqual(summary.restored);
    }
    expect(await worker.stop()).toBe(0);
    await client.connection.close();
  },
  120_000,
);
