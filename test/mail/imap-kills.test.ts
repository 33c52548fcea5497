/** A real Dovecot that dies while it is at an APPEND: nothing is lost, nothing is there twice. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RestoreRequest } from '../../src/restore/request';
import { RestoreBench } from '../restore/bench';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { ImapWatch } from './servers/imap-watch';
import { addAccount, addSecret, mailboxLines, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';

const ITEMS = 1500;

(hasDovecot() ? describe : describe.skip)('IMAP', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  let proxy: CuttingProxy;
  let number = 0;
  let request: RestoreRequest;
  let expected: string[];
  beforeAll(async () => {
    server = await new Dovecot().start();
  }, 30_000);
  afterAll(async () => server.stop());
  beforeEach(async () => {
    number++;
    bench = new RestoreBench();
    addSecret(bench);
    expected = addAccount(bench, number, ITEMS);
    proxy = new CuttingProxy(server.imapPort);
    const port = await proxy.start();
    request = await bench.begin({ target: `imap://127.0.0.1:${port}/?secret=imap&settle=1` });
  });
  afterEach(async () => {
    // a test that failed must not take the server from the others
    if (!server.isUp) await server.start();
    bench.remove();
    await proxy.stop();
  });
  const there = (): string[] => mailboxLines(server.imapPort, userName(number));

  async function interrupted(killed: () => Promise<unknown> | undefined): Promise<void> {
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    await killed();
    expect(server.isUp).toBe(false);
    await server.start();
    proxy.requests = null;
    proxy.answers = null;
  }

  async function expectAllOnce(): Promise<void> {
    const { counters } = await bench.slice(request);
    expect(counters).toMatchObject({ restored: ITEMS, unrestored: 0, skipped: 0 });
    expect(there()).toEqual(expected);
  }

  /** Messages that are not stored yet lie under such names; those of a killed server stay there. */
  function unfinished(): string[] {
    const home = join(server.folder, 'home', userName(number));
    // it is made when somebody puts something into it
    if (!existsSync(home)) return [];
    const names = readdirSync(home, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => basename(name).startsWith('.temp.'));
  }

  /**
   * Waits until the server has begun to store, and is at nothing else: what it commits when it dies may come back later
   * (docs/exactly-once.md). Answers whether it has.
   */
  async function begins(old: ReadonlySet<string>, { appends }: ImapWatch): Promise<boolean> {
    for (let tries = 0; tries < 1_000; tries++) {
      const isAtMore = appends.some(({ complete, answer }) => complete && answer === null);
      if (!isAtMore && unfinished().some((name) => !old.has(name))) return true;
      await sleep(10);
    }
    return false;
  }

  test('the server is killed twice, in the middle of a message', async () => {
    // in the first command; and in a later one, in the second batch
    for (const [kills, bytes] of [10_000, 250_000].entries()) {
      const old = new Set(unfinished());
      const watch = new ImapWatch();
      watch.stopAfter = bytes;
      let killed: Promise<boolean> | undefined;
      proxy.requests = (data, connection) => {
        const passed = watch.sent(data, connection);
        if (watch.stopped !== null)
          killed ??= begins(old, watch).then((yes) => server.kill().then(() => yes));
        return passed;
      };
      proxy.answers = (data, connection) => {
        watch.answered(data, connection);
        return data;
      };
      await interrupted(() => killed);
      expect(await killed).toBe(true);
      expect(watch.stopped).toMatchObject({ complete: false, answer: null });
      const taken = watch.appends.filter(({ answer }) => answer === 'OK');
      if (kills === 0) expect(watch.stopped).toBe(watch.appends[0]);
      else expect(taken.length).toBeGreaterThan(0);
    }
    await expectAllOnce();
  });
});
