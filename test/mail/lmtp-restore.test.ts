/** Whole restores over LMTP into a real Dovecot, read back over IMAP by a client that shares no code with the target. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Problem } from '../../src/failures';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { addMessages, addSecret, addUnheld, savedUnheld, deliveredTo, hex, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';
import { readImap } from './servers/read-imap';

(hasDovecot() ? describe : describe.skip)('LMTP', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  let proxy: CuttingProxy | undefined;
  let accounts = 0;
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
  const blind = (port = server.lmtpPort, options = ''): string =>
    `lmtp://127.0.0.1:${port}/?wait=1${options}`;
  const seeing = (port = server.lmtpPort): string =>
    `${blind(port)}&lookup=imap://127.0.0.1:${server.imapPort}/?user=%u&secret=imap&settle=1`;
  const inServer = (number: number): string[] => deliveredTo(server.imapPort, userName(number));
  const through = async (): Promise<number> => (proxy = new CuttingProxy(server.lmtpPort)).start();

  test('every message once; run again, also without the ledger, all is skipped', async () => {
    const number = ++accounts;
    const expected = addMessages(bench, number, 300);
    const { counters, report } = await bench.restore({ target: seeing() });
    expect(counters).toMatchObject({ restored: 300, unrestored: 0, skipped: 0 });
    expect(report.notes.join('\n')).toMatch(/LMTP keeps no folder/);
    expect(report.notes.join('\n')).not.toMatch(/Nobody can look/);
    expect(inServer(number)).toEqual(expected);
    expect((await bench.restore({ target: seeing() })).counters).toMatchObject({ restored: 0, skipped: 300 });
    Object.assign(bench.settings, { stateDir: join(bench.folder, 'other-state') });
    expect((await bench.restore({ target: seeing() })).counters).toMatchObject({ restored: 0, skipped: 300 });
    expect(inServer(number)).toEqual(expected);
  });

  test('content of every kind comes as it is, and none ends before its end', async () => {
    const number = ++accounts;
    const id = `acc-${number}`;
    bench.store.writer.account(accountInfo(id, userName(number)));
    const smuggled = 'MAIL FROM:<>\r\nRCPT TO:<smuggled@example.com>\r\nDATA\r\nSubject: no\r\n\r\nno';
    const contents = [
      `Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n.`,
      `Subject: smuggled\r\n\r\none\n.\n${smuggled}\n.\n`,
      `Subject: smuggled\r\n\r\none\r\n.\n${smuggled}\r\n.\r\nQUIT\r\n`,
      `Subject: bare\n\nline\nline\n`,
      `Subject: ends with CR\r\n\r\nx\r`,
      `no header at all`,
      `Received: from a\r\n\tby b\r\nReturn-Path: <x@example.com>\r\nSubject: own trace\r\n\r\nx\r\n`,
      `From: a\r\nReturn-Path: <in@the.middle>\r\nSubject: trace within\r\n\r\nx\r\n`,
      `Subject: eight bits \u00fc\r\n\r\n\u00fc\u0000 \r alone\r\n`,
      `Subject: long\r\n\r\n${'x'.repeat(30_000)}\r\n`,
    ];
    const unsure = `Subject: unsure\r\n\r\none\r.\r\n${smuggled}\r\n`;
    [...contents, unsure].forEach((text, i) => bench.store.message(id, 1000 + i, Buffer.from(text)));
    const { counters, report } = await bench.restore({ target: seeing() });
    const unrestored = report.accounts[userName(number)]?.unrestored ?? [];
    expect(unrestored.map(({ item, reason }) => [item, reason.slice(0, 25)])).toEqual([
      [1000 + contents.length, 'a dot behind a lone CR, w'],
    ]);
    expect(counters).toMatchObject({ restored: contents.length, unrestored: 1 });
    expect(readImap(server.imapPort, 'smuggled@example.com').messages).toEqual([]);
    // as the server gives it: CRLF, no NUL, an end
    const served = contents.map((text) => {
      const lines = Buffer.from(text).toString('latin1').replace(/\r?\n/g, '\r\n');
      const ended = (lines.endsWith('\r\n') ? lines : `${lines}\r\n`).replace(/\r+\n/g, '\r\n');
      return Buffer.from(
        ended.replace(/\0/g, '\x80').replace(/^Received:.*\r\n\t.*\r\nReturn-Path.*\r\n/, ''),
        'latin1',
      );
    });
    expect(inServer(number)).toEqual(served.map(hex).sort());
  });

  test('without a lookup: 250 counts, the report says so, and the ledger prevents a second time', async () => {
    const number = ++accounts;
    const expected = addMessages(bench, number, 100);
    const { counters, report } = await bench.restore({ target: blind() });
    expect(counters).toMatchObject({ restored: 100, unrestored: 0 });
    expect(report.notes.join('\n')).toMatch(/Nobody can look/);
    expect((await bench.restore({ target: blind() })).counters).toMatchObject({ restored: 0, skipped: 100 });
    // who can look finds them, with a ledger that knows nothing of them
    expect((await bench.restore({ target: seeing() })).counters).toMatchObject({ restored: 0, skipped: 100 });
    expect(inServer(number)).toEqual(expected);
  });

  test('connections cut in the middle of DATA: with a lookup nothing is lost, nothing doubled', async () => {
    const number = ++accounts;
    const expected = addMessages(bench, number, 200, 80);
    const port = await through();
    const request = await bench.begin({ target: seeing(port) });
    for (const bytes of [1_000, 40_000, 90_000]) {
      (proxy as CuttingProxy).cutAfter = bytes;
      await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    }
    expect(proxy?.cuts).toBe(3);
    const { counters } = await bench.slice(request);
    expect(counters).toMatchObject({ restored: 200, unrestored: 0, skipped: 0 });
    expect(inServer(number)).toEqual(expected);
  });

  test.each([
    ['the connection ends', null],
    ['the answer is garbled', '25O 2.O.O Saved\r\n'],
    ['the answer has another meaning', '354 go on\r\n'],
  ])('after the final dot %s: what was sent is in doubt', async (_what, instead) => {
    const number = ++accounts;
    const expected = addMessages(bench, number, 40);
    const port = await through();
    const request = await bench.begin({ target: blind(port, '&connections=1') });
    let answers = 0;
    (proxy as CuttingProxy).answers = (data) =>
      data.includes(' Saved\r\n') && ++answers === 20 ? instead : data;
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    const { counters } = await bench.slice(request);
    // one connection has at most one message without an answer
    expect(counters).toMatchObject({ restored: 39, unrestored: 1 });
    // the server had stored it
    expect(inServer(number)).toEqual(expected);
    const again = await bench.restore({ target: blind(port) });
    expect(again.counters).toMatchObject({ restored: 0, skipped: 39, unrestored: 1 });
    const [finding] = again.report.accounts[userName(number)]?.unrestored ?? [];
    expect(finding).toMatchObject({ class: 'doubtful' });
    // who can look settles it
    expect((await bench.restore({ target: seeing() })).counters).toMatchObject({ restored: 0, skipped: 40 });
  });

  test.each(['with', 'without'])('the server is killed twice, %s a lookup', async (lookup) => {
    const number = ++accounts;
    const expected = addMessages(bench, number, 300);
    const port = await through();
    const request = await bench.begin({ target: lookup === 'with' ? seeing(port) : blind(port) });
    for (let kills = 0; kills < 2; kills++) {
      let saved = 0;
      let killed: Promise<void> | undefined;
      // in the middle of a batch
      (proxy as CuttingProxy).answers = (data) => {
        saved += data.toString('latin1').split(' Saved').length - 1;
        if (saved >= 50) killed ??= server.kill();
        return data;
      };
      await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
      await killed;
      await server.start();
    }
    (proxy as CuttingProxy).answers = null;
    const { counters } = await bench.slice(request);
    const there = inServer(number);
    if (lookup === 'with') {
      expect(counters).toMatchObject({ restored: 300, unrestored: 0, skipped: 0 });
      expect(there).toEqual(expected);
    } else {
      // of each connection one message may be without an answer, in the server or not
      expect(counters.unrestored).toBeLessThanOrEqual(2 * 4);
      expect(counters.restored + counters.unrestored).toBe(300);
      expect(new Set(there).size).toBe(there.length);
      expect(there.length).toBeGreaterThanOrEqual(counters.restored);
    }
  });

  test('a server that listens at a socket of this machine', async () => {
    const number = ++accounts;
    const expected = addMessages(bench, number, 20);
    const { counters } = await bench.restore({ target: `lmtp+unix:${server.folder}/run/lmtp?connections=2` });
    expect(counters).toMatchObject({ restored: 20, unrestored: 0 });
    expect(inServer(number)).toEqual(expected);
  });

  test('what LMTP cannot hold is saved beside the report', async () => {
    const number = ++accounts;
    const unheld = addUnheld(bench, number);
    bench.store.message(`acc-${number}`, 410, mail('in between'));
    const restored = await bench.restore({ target: blind() });
    expect(restored.counters).toMatchObject({ restored: 1, unrestored: unheld.size });
    expect(savedUnheld(restored, number)).toEqual([...unheld].map(([path, content]) => [path, hex(content)]));
  });

  test('a target is tried; a message is delivered only when told', async () => {
    const account = userName(++accounts);
    const check = (
      url: string,
      ...args: string[]
    ): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(process.execPath, [join(__dirname, '../../bin/lifeboat'), 'targets', 'check', url, ...args], {
        encoding: 'utf8',
        env: { ...process.env, LIFEBOAT_SECRETS_DIR: bench.settings.secretsDir ?? '' },
      });
    const asked = check(seeing(), '--account', account, '--json');
    expect(asked.stderr).toBe('');
    expect(JSON.parse(asked.stdout)).toMatchObject({ ok: true, account, delivered: 'none' });
    expect(asked.stdout).toContain('PIPELINING');
    expect(inServer(accounts)).toEqual([]);
    expect(JSON.parse(check(seeing(), '--deliver-to', account, '--json').stdout)).toMatchObject({
      delivered: 'seen',
    });
    expect(check(blind(), '--deliver-to', account).stdout).toMatch(/nobody can look/);
    expect(inServer(accounts)).toHaveLength(2);
    const without = check(blind());
    expect([without.status, without.stderr]).toEqual([2, expect.stringMatching(/--account/)]);
    addSecret(bench, 'imap', 'not it');
    const refused = check(seeing(), '--account', account);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/refuses the login/);
  });

  test('a lookup that opens no account ends the restore at once', async () => {
    addMessages(bench, ++accounts, 3);
    addSecret(bench, 'imap', 'wrong');
    const failure = await bench.restore({ target: seeing() }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Problem);
    expect(failure).toMatchObject({ type: 'LoginRefused' });
    expect(inServer(accounts)).toEqual([]);
  });
});
