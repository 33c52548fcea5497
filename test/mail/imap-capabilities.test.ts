/** What an IMAP server offers is used, and nothing else. A real Dovecot, which takes all of it whatever it offers. */
import { RestoreBench } from '../restore/bench';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { byLines, ImapWatch, withoutAppendUid } from './servers/imap-watch';
import { addAccount, addSecret, mailboxLines, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';

const ITEMS = 400;
/** Bytes that are more than the first batch, and less than what comes before the Inbox of the second one. */
const IN_SECOND_BATCH = 1_200_000;
const FOLDERS = 5;
/** The longest that may be sent unasked with LITERAL- (RFC 7888). */
const SHORT = 4096;

(hasDovecot() ? describe : describe.skip)('IMAP', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  let proxy: CuttingProxy;
  beforeEach(() => {
    bench = new RestoreBench();
    addSecret(bench);
  });
  afterEach(async () => {
    bench.remove();
    await proxy.stop();
    await server.stop();
  });

  test.each([
    'IMAP4rev1',
    'IMAP4rev1 LITERAL+',
    'IMAP4rev1 LITERAL-',
    'IMAP4rev1 MULTIAPPEND UIDPLUS',
    'IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS NAMESPACE LIST-EXTENDED SPECIAL-USE',
  ])('a server that offers %s, with a cut in between', async (offered) => {
    const offers = (name: string): boolean => offered.split(' ').includes(name);
    server = await new Dovecot({ more: `imap_capability = ${offered}\n` }).start();
    proxy = new CuttingProxy(server.imapPort);
    const port = await proxy.start();
    const watch = new ImapWatch();
    proxy.requests = watch.sent;
    // Dovecot says it also where it does not offer it
    if (!offers('UIDPLUS')) proxy.answers = byLines(withoutAppendUid);
    const asked = (command: RegExp): number =>
      watch.commands.filter((line) => command.test(line.replace(/^\S+ /, ''))).length;

    const expected = addAccount(bench, 1, ITEMS, 200);
    const request = await bench.begin({ target: `imap://127.0.0.1:${port}/?secret=imap&settle=1` });
    proxy.cutAfter = IN_SECOND_BATCH;
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    // who is not told where a message came asks before every batch where the folders end
    expect(asked(/^STATUS /)).toBe(offers('UIDPLUS') ? FOLDERS : 2 * FOLDERS);
    const { counters } = await bench.slice(request);
    expect(counters).toMatchObject({ restored: ITEMS, unrestored: 0, skipped: 0 });

    const messages = watch.appends.flatMap((append) => append.messages);
    const mustWait = (bytes: number): boolean =>
      !offers('LITERAL+') && !(offers('LITERAL-') && bytes <= SHORT);
    expect(messages.filter(({ bytes, waits }) => waits !== mustWait(bytes))).toEqual([]);
    expect(messages.length).toBeGreaterThanOrEqual(ITEMS);
    // both kinds were there
    expect(new Set(messages.map(({ bytes }) => bytes <= SHORT)).size).toBe(2);
    const most = Math.max(...watch.appends.map((append) => append.messages.length));
    if (offers('MULTIAPPEND')) expect(most).toBeGreaterThan(1);
    else expect(most).toBe(1);
    expect(asked(/^NAMESPACE$/) > 0).toBe(offers('NAMESPACE'));
    expect(asked(/^LIST .* RETURN \(SPECIAL-USE\)$/) > 0).toBe(offers('SPECIAL-USE'));
    expect(mailboxLines(server.imapPort, userName(1))).toEqual(expected);
  });
});
