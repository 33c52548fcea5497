/** A real Dovecot that dies when it has stored what came over LMTP: nothing is lost, nothing is there twice. */
import { RestoreBench } from '../restore/bench';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { addMessages, addSecret, deliveredTo, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';

const ITEMS = 300;
/** Of its first batch. */
const TAKEN = 40;

(hasDovecot() ? describe : describe.skip)('LMTP with a lookup', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  let proxy: CuttingProxy;
  beforeAll(async () => {
    server = await new Dovecot().start();
  }, 30_000);
  afterAll(async () => server.stop());
  beforeEach(() => {
    bench = new RestoreBench();
    addSecret(bench);
    proxy = new CuttingProxy(server.lmtpPort);
  });
  afterEach(async () => {
    if (!server.isUp) await server.start();
    bench.remove();
    await proxy.stop();
  });

  test('the server is killed after it has stored, and does not know that any more', async () => {
    const expected = addMessages(bench, 1, ITEMS);
    const lookup = `lookup=imap://127.0.0.1:${server.imapPort}/?user=%u&secret=imap&settle=1`;
    const request = await bench.begin({
      target: `lmtp://127.0.0.1:${await proxy.start()}/?wait=1&${lookup}`,
    });
    let putBack: (() => void) | undefined;
    let killed: Promise<void> | undefined;
    let taken = 0;
    proxy.requests = (data) => {
      if (data.includes('DATA\r\n')) putBack ??= server.notedOf(userName(1));
      return data;
    };
    proxy.answers = (data) => {
      taken += data.toString('latin1').match(/^250 2\.0\.0 .*Saved/gm)?.length ?? 0;
      if (taken >= TAKEN) killed ??= server.kill();
      return killed === undefined ? data : null;
    };
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    await killed;
    putBack?.();
    await server.start();
    Object.assign(proxy, { requests: null, answers: null });
    expect(server.storedMessages(userName(1)).length).toBeGreaterThanOrEqual(TAKEN);
    expect(deliveredTo(server.imapPort, userName(1))).toEqual([]);
    expect((await bench.slice(request)).counters).toMatchObject({
      restored: ITEMS,
      unrestored: 0,
      skipped: 0,
    });
    expect(deliveredTo(server.imapPort, userName(1))).toEqual(expected);
    expect(server.log()).toMatch(/user1@example\.com.*Rebuilding index/);
  });
});
