/** What an LMTP server takes with 250 and then does not have, or does not know that it has: who can look says so. */
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { addMessages, addSecret, deliveredTo, hex, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';

(hasDovecot() ? describe : describe.skip)('LMTP with a lookup', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  let proxy: CuttingProxy | undefined;
  beforeAll(async () => {
    server = await new Dovecot().start();
  }, 30_000);
  afterAll(async () => server.stop());
  beforeEach(() => {
    bench = new RestoreBench();
    addSecret(bench);
  });
  afterEach(async () => {
    // a test that failed must not take the server from the others
    if (!server.isUp) await server.start();
    bench.remove();
    await proxy?.stop();
    proxy = undefined;
  });

  /** A target whose mailboxes get all but the n-th message, which the server takes for somebody else. */
  async function losing(nth: number): Promise<string> {
    const cutting = (proxy = new CuttingProxy(server.lmtpPort));
    const port = await cutting.start();
    // the first recipient only asks whether there is a mailbox, the second opens it
    let recipients = -2;
    cutting.requests = (data) => {
      const redirect = (said: string): string => (++recipients === nth ? said.replace('user', 'lost') : said);
      return Buffer.from(data.toString('latin1').replace(/RCPT TO:<user/g, redirect), 'latin1');
    };
    // one connection: what is sent has an order
    return `lmtp://127.0.0.1:${port}/?wait=1&connections=1&${lookup()}`;
  }
  const lookup = (): string => `lookup=imap://127.0.0.1:${server.imapPort}/?user=%u&secret=imap&settle=1`;
  const inServer = (user: string): string[] => deliveredTo(server.imapPort, user);

  test('a message that was taken and is not there is doubtful, not restored', async () => {
    const expected = addMessages(bench, 1, 30);
    const target = await losing(10);
    const { counters, report } = await bench.restore({ target });
    expect(counters).toMatchObject({ restored: 29, unrestored: 1 });
    const [finding] = report.accounts[userName(1)]?.unrestored ?? [];
    expect(finding).toMatchObject({ class: 'doubtful' });
    expect(finding?.reason).toMatch(/the server took it, and it is not in the mailbox/);
    expect(inServer(userName(1))).toHaveLength(29);
    expect(inServer('lost1@example.com')).toHaveLength(1);
    // nothing forbids to try that one again
    expect((await bench.restore({ target })).counters).toMatchObject({ restored: 1, skipped: 29 });
    expect(inServer(userName(1))).toEqual(expected);
  });

  test('of two that are the same, of which one is dropped: one is restored, the other is doubtful', async () => {
    const others = ['a', 'b', 'c'].map((subject) => mail(subject));
    const twin = mail('twin');
    bench.store.writer.account(accountInfo('acc-2', userName(2)));
    [twin, twin, ...others].forEach((content, i) => bench.store.message('acc-2', 1000 + i, content));
    const target = await losing(2);
    const { counters, report } = await bench.restore({ target });
    // the server took both
    expect(inServer(userName(2))).toEqual([twin, ...others].map(hex).sort());
    expect(inServer('lost2@example.com')).toEqual([hex(twin)]);
    expect(counters).toMatchObject({ restored: 4, skipped: 0, unrestored: 1 });
    const findings = report.accounts[userName(2)]?.unrestored ?? [];
    expect(findings).toEqual([
      expect.objectContaining({
        class: 'doubtful',
        reason: expect.stringMatching(/it is not in the mailbox: dropped as a duplicate of its Message-ID/),
      }),
    ]);
    expect([1000, 1001]).toContain(findings[0]?.item);
    // one that is there counts for one of them, with and without a ledger
    const again = await bench.restore({ target });
    expect(again.counters).toMatchObject({ restored: 1, skipped: 4, unrestored: 0 });
    const all = [twin, twin, ...others].map(hex).sort();
    expect(inServer(userName(2))).toEqual(all);
    Object.assign(bench.settings, { stateDir: `${bench.folder}/other-state` });
    const third = await bench.restore({ target });
    expect(third.counters).toMatchObject({ restored: 0, skipped: 5, unrestored: 0 });
    expect(inServer(userName(2))).toEqual(all);
  });

  test('two that are the same, of which one is there: only the other is delivered, also without a ledger', async () => {
    const twin = mail('twin');
    bench.store.writer.account(accountInfo('acc-3', userName(3)));
    [1000, 1001].forEach((item) => bench.store.message('acc-3', item, twin));
    await bench.restore({ target: await losing(2) });
    await proxy?.stop();
    expect(inServer(userName(3))).toEqual([hex(twin)]);
    Object.assign(bench.settings, { stateDir: `${bench.folder}/other-state` });
    const { counters } = await bench.restore({ target: await losing(Infinity) });
    expect(counters).toMatchObject({ restored: 1, skipped: 1, unrestored: 0 });
    expect(inServer(userName(3))).toEqual([hex(twin), hex(twin)]);
  });

  test('the server is killed after it has stored, and does not know that any more', async () => {
    const expected = addMessages(bench, 4, 300);
    // of its first batch
    const most = 40;
    const cutting = (proxy = new CuttingProxy(server.lmtpPort));
    const request = await bench.begin({
      target: `lmtp://127.0.0.1:${await cutting.start()}/?wait=1&${lookup()}`,
    });
    let putBack: (() => void) | undefined;
    let killed: Promise<void> | undefined;
    let taken = 0;
    cutting.requests = (data) => {
      if (data.includes('DATA\r\n')) putBack ??= server.notedOf(userName(4));
      return data;
    };
    cutting.answers = (data) => {
      taken += data.toString('latin1').match(/^250 2\.0\.0 .*Saved/gm)?.length ?? 0;
      if (taken >= most) killed ??= server.kill();
      return killed === undefined ? data : null;
    };
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    await killed;
    putBack?.();
    await server.start();
    Object.assign(cutting, { requests: null, answers: null });
    expect(server.storedMessages(userName(4)).length).toBeGreaterThanOrEqual(most);
    expect(inServer(userName(4))).toEqual([]);
    expect((await bench.slice(request)).counters).toMatchObject({
      restored: 300,
      unrestored: 0,
      skipped: 0,
    });
    expect(inServer(userName(4))).toEqual(expected);
    expect(server.log()).toMatch(/user4@example\.com.*Rebuilding index/);
  });
});
