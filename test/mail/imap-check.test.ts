/** `lifeboat targets check` of an IMAP server: it tries what a restore needs, and says what does not work. */
import { run, type Ended } from '../client/cli';
import { RestoreBench } from '../restore/bench';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { addSecret, userName } from './servers/kit';
import { CuttingProxy, Tap } from './servers/proxy';
import { readImap } from './servers/read-imap';

(hasDovecot() ? describe : describe.skip)('targets check over IMAP', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  let proxy: CuttingProxy;
  let port: number;
  /** What the check sends. */
  let tap: Tap;
  beforeEach(() => {
    bench = new RestoreBench();
    addSecret(bench);
  });
  afterEach(async () => {
    bench.remove();
    await proxy.stop();
    await server.stop();
  });

  async function start(quota?: number): Promise<void> {
    server = await new Dovecot(quota === undefined ? {} : { quota }).start();
    proxy = new CuttingProxy(server.imapPort);
    tap = new Tap(proxy);
    port = await proxy.start();
  }

  const check = (...more: string[]): Promise<Ended> =>
    run(['targets', 'check', `imap://127.0.0.1:${port}/?secret=imap`, '--account', userName(1), ...more], {
      LIFEBOAT_SECRETS_DIR: bench.settings.secretsDir ?? '',
    });
  /** Every command that changes a mailbox, without what follows the name of the folder. */
  const changes = (): string[] =>
    [
      ...tap.sent.matchAll(
        /^L\d+ ((?:CREATE|APPEND|DELETE|RENAME|(?:UID )?(?:STORE|COPY|MOVE|EXPUNGE)) \S+)/gm,
      ),
    ].map(([, command = '']) => command.trimEnd());
  const folders = (): string[] => readImap(server.imapPort, userName(1)).folders.sort();

  test('a message is put into a folder of its own, is read, and both are removed', async () => {
    await start();
    const before = folders();
    const { code, stdout, stderr } = await check('--json');
    expect([code, stderr]).toEqual([0, '']);
    const told = JSON.parse(stdout) as { folder: string };
    expect(told).toMatchObject({ ok: true, account: userName(1) });
    expect(stdout).toContain('MULTIAPPEND');
    expect(told.folder).toMatch(/^lifeboat-check-[0-9a-f]{12}$/);
    expect(changes()).toEqual(['CREATE', 'APPEND', 'DELETE'].map((verb) => `${verb} "${told.folder}"`));
    const order = [/ APPEND /, / UID FETCH \S+ \(UID FLAGS INTERNALDATE BODY\.PEEK\[\]\)/, / DELETE /].map(
      (what) => tap.sent.search(what),
    );
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(folders()).toEqual(before);
    expect(readImap(server.imapPort, userName(1)).messages).toEqual([]);
  });

  test('a mailbox that is full', async () => {
    await start(20);
    const before = folders();
    const { code, stdout, stderr } = await check();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/refuses APPEND: .*quota/i);
    expect(changes().map((command) => command.split(' ')[0])).toEqual(['CREATE', 'APPEND', 'DELETE']);
    expect(folders()).toEqual(before);
  });

  test('a server that answers NO to a message', async () => {
    await start();
    const before = folders();
    proxy.answers = (data) =>
      data
        .toString('latin1')
        .replace(/^(L\d+) OK \[APPENDUID [^\]]*\].*$/m, '$1 NO [CANNOT] No mail for you');
    const { code, stdout, stderr } = await check();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/refuses APPEND: No mail for you/);
    expect(folders()).toEqual(before);
  });

  test.each([
    [
      'makes no folder',
      (text: string) => text.replace(/^(L\d+) CREATE /m, '$1 CREATX '),
      /The folder "lifeboat-check-[0-9a-f]{12}" cannot be made/,
    ],
    [
      'keeps another message than it took',
      (text: string) => text.replace('tries this mailbox', 'tries that mailbox'),
      /The message that was put into lifeboat-check-[0-9a-f]{12} does not come back/,
    ],
  ])('a server that %s', async (_, change, reason) => {
    await start();
    const before = folders();
    tap.change = change;
    const { code, stdout, stderr } = await check();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(reason);
    expect(folders()).toEqual(before);
  });

  test('a password that is wrong is told, and not shown', async () => {
    await start();
    addSecret(bench, 'imap', 'not it');
    const { code, stderr } = await check();
    expect(code).toBe(1);
    expect(stderr).toMatch(/refuses the login/);
    expect(stderr).not.toContain('not it');
    expect(changes()).toEqual([]);
  });
});
