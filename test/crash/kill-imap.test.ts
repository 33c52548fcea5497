/** The promise of an IMAP target: whatever dies, in the end the server has every message exactly once. */
import { RestoreBench } from '../restore/bench';
import { connect, spawnWorker, startRestore, type TestWorker } from '../e2e/harness';
import { Dovecot, hasDovecot } from '../mail/servers/dovecot';
import { addAccount, addSecret, mailboxLines, userName } from '../mail/servers/kit';
import { CuttingProxy } from '../mail/servers/proxy';

const KILLS = 10;
/**
 * Between two kills the mailboxes grow by a few hundred messages: what is waited for, and what was on its way, a batch for
 * each of two accounts at most. Ten kills fit into half of these.
 */
const ITEMS = 5_000;

let bench: RestoreBench;
let server: Dovecot | undefined;
let proxy: CuttingProxy | undefined;
let worker: TestWorker | undefined;
afterEach(async () => {
  await worker?.kill();
  await proxy?.stop();
  await server?.stop();
  bench.remove();
});

/** How many messages the server says that it has stored: `[APPENDUID 17 5:9,12]`. */
function storedBy(answer: string): number {
  const sets = [...answer.matchAll(/\[APPENDUID \d+ ([\d:,]+)\]/g)].map(([, set = '']) => set.split(','));
  return sets.flat().reduce((sum, range) => {
    const [first = 0, last = first] = range.split(':').map(Number);
    return sum + last - first + 1;
  }, 0);
}

/** What the worker says to the server comes through this process, so that a kill never misses its moment. */
class Appends {
  stored = 0;

  constructor(private readonly through: CuttingProxy) {
    through.answers = (data) => {
      this.stored += storedBy(data.toString('latin1'));
      return data;
    };
  }

  /** Until so many more messages are stored, and then until an APPEND is on its way, which nobody has answered. */
  onItsWay(more: number): Promise<void> {
    const enough = this.stored + more;
    return new Promise((resolve) => {
      this.through.requests = (data) => {
        if (this.stored >= enough && /^L\d+ APPEND /m.test(data.toString('latin1'))) resolve();
        return data;
      };
    });
  }
}

(hasDovecot() ? test : test.skip)(
  'ten SIGKILLs of the worker while it appends to Dovecot',
  async () => {
    bench = new RestoreBench();
    process.env['LIFEBOAT_SECRETS_DIR'] = addSecret(bench);
    server = await new Dovecot().start();
    proxy = new CuttingProxy(server.imapPort);
    const appends = new Appends(proxy);
    const expected = [1, 2, 3].map((number) => addAccount(bench, number, ITEMS));
    const address = process.env['LIFEBOAT_TEST_ADDRESS'] as string;
    const client = await connect(address);
    const taskQueue = `kill-imap-${Date.now()}`;
    const handle = await startRestore(client, taskQueue, `kill-imap-${Date.now()}`, {
      sourcePath: bench.store.root,
      target: `imap://127.0.0.1:${await proxy.start()}/?secret=imap&settle=1`,
      concurrentAccounts: 2,
      advanced: { heartbeatSeconds: 2 },
    });
    let done = false;
    const result = handle.result();
    void result.finally(() => (done = true));
    const start = (): TestWorker => spawnWorker({ address, stateDir: bench.settings.stateDir, taskQueue });
    let kills = 0;
    for (; kills < KILLS; kills++) {
      worker = start();
      await Promise.race([appends.onItsWay(20 + Math.floor(Math.random() * 200)), result]);
      if (done) break;
      await worker.kill();
    }
    worker = start();
    const summary = await result;
    expect(kills).toBe(KILLS);
    expect(summary).toMatchObject({ status: 'completed', restored: 3 * ITEMS, skipped: 0, unrestored: 0 });
    const port = server.imapPort;
    expected.forEach((lines, i) => expect(mailboxLines(port, userName(i + 1))).toEqual(lines));
    expect(await worker.stop()).toBe(0);
    await client.connection.close();
  },
  240_000,
);
