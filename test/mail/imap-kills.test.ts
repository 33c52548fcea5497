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
/** After so long without an answer the server has stored all that it was sent. */
const QUIET_MS = 400;

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

  /** @param meanwhile what is done before the server starts again */
  async function interrupted(
    killed: () => Promise<unknown> | undefined,
    meanwhile: () => void = () => undefined,
  ): Promise<void> {
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    await killed();
    expect(server.isUp).toBe(false);
    meanwhile();
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

  /** Waits until the server has begun to store. Answers whether it has. */
  async function begins(old: ReadonlySet<string>): Promise<boolean> {
    for (let tries = 0; tries < 1_000; tries++) {
      if (unfinished().some((name) => !old.has(name))) return true;
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
        if (watch.stopped !== null) killed ??= begins(old).then((yes) => server.kill().then(() => yes));
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

  test.each([
    ['the first batch', 0],
    // which is larger, unless the machine is very busy
    ['the third', 2 * 256],
  ])('the server has stored of %s, is killed, and does not know of it any more', async (_, from) => {
    const watch = new ImapWatch();
    let taken = 0;
    let putBack: (() => void) | undefined;
    let killed: Promise<void> | undefined;
    let quiet: NodeJS.Timeout | undefined;
    proxy.requests = (data, connection) => {
      const before = watch.appends.length;
      const passed = watch.sent(data, connection);
      if (taken >= from && watch.appends.length > before) putBack ??= server.notedOf(userName(number));
      return passed;
    };
    proxy.answers = (data, connection) => {
      const now = watch.answered(data, connection);
      for (const { messages } of now) taken += messages.length;
      if (putBack === undefined) return data;
      // nobody hears of what is stored now
      if (now.length > 0) {
        clearTimeout(quiet);
        quiet = setTimeout(() => void (killed ??= server.kill()), QUIET_MS);
      }
      return '';
    };
    await interrupted(
      () => killed,
      () => putBack?.(),
    );
    expect(taken).toBeGreaterThan(from);
    expect(there()).toHaveLength(from);
    await expectAllOnce();
    expect(server.log()).toMatch(new RegExp(`${userName(number)}.*Rebuilding index`));
  });

  test('the server is killed twice, after it has stored and before that is known', async () => {
    // the first answer; and one in the second batch
    for (const kills of [1, 13]) {
      const before = there().length;
      const watch = new ImapWatch();
      let answers = 0;
      let known = 0;
      let killed: Promise<void> | undefined;
      proxy.requests = watch.sent;
      proxy.answers = (data, connection) => {
        const taken = watch.answered(data, connection).filter(({ answer }) => answer === 'OK');
        answers += taken.length;
        if (answers >= kills) {
          killed ??= server.kill();
          return null;
        }
        for (const { messages } of taken) known += messages.length;
        return data;
      };
      await interrupted(() => killed);
      expect(there().length).toBeGreaterThan(before + known);
    }
    await expectAllOnce();
  });
});
