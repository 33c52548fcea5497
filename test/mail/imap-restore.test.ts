/** Whole restores into a real Dovecot, read back by a client that shares no code with the target. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../src/failures';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail, state } from '../restore/store';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { byLines } from './servers/imap-watch';
import {
  addAccount,
  addMessages,
  addSecret,
  addUnheld,
  savedUnheld,
  hex,
  mailboxLines,
  userName,
} from './servers/kit';
import { CuttingProxy } from './servers/proxy';
import { readImap } from './servers/read-imap';

const withDovecot = hasDovecot() ? describe : describe.skip;

withDovecot('IMAP', () => {
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
    bench.remove();
    await proxy?.stop();
    proxy = undefined;
  });
  let accounts = 0;
  const target = (options = '', port = server.imapPort): string =>
    `imap://127.0.0.1:${port}/?user=%u&secret=imap${options}`;

  test('content, folder, flags, keywords and date of every message, once; run again all is skipped', async () => {
    const number = ++accounts;
    const expected = addAccount(bench, number, 700);
    const { counters, report } = await bench.restore({ target: target() });
    expect(counters).toMatchObject({ restored: 700, unrestored: 0, skipped: 0 });
    expect(report.status).toBe('completed');
    expect(mailboxLines(server.imapPort, userName(number))).toEqual(expected);
    const again = await bench.restore({ target: target('&connections=1') });
    expect(again.counters).toMatchObject({ restored: 0, skipped: 700 });
    expect(mailboxLines(server.imapPort, userName(number))).toEqual(expected);
  });

  test('without the ledger the mailbox is asked, also for messages whose line ends the server changed', async () => {
    const number = ++accounts;
    const expected = addAccount(bench, number, 100);
    const bare = Buffer.from('Subject: bare\nMessage-ID: <b@x>\n\nline\nline\n\u0000 end');
    for (const item of [5000, 5001]) bench.store.message(`acc-${number}`, item, bare);
    await bench.restore({ target: target() });
    const before = mailboxLines(server.imapPort, userName(number));
    expect(before).toHaveLength(expected.length + 2);
    const other = { ...bench.settings, stateDir: join(bench.folder, 'other-state') };
    Object.assign(bench.settings, other);
    const { counters } = await bench.restore({ target: target() });
    expect(counters).toMatchObject({ restored: 0, skipped: 102, unrestored: 0 });
    expect(mailboxLines(server.imapPort, userName(number))).toEqual(before);
  });

  test('a mailbox that was emptied is filled again', async () => {
    const number = ++accounts;
    const expected = addAccount(bench, number, 20);
    await bench.restore({ target: target() });
    await server.kill();
    server.removeHome(userName(number));
    await server.start();
    // Dovecot numbers a new mailbox by the second
    await sleep(2_100);
    expect(readImap(server.imapPort, userName(number)).messages).toEqual([]);
    const { counters } = await bench.restore({ target: target() });
    expect(counters).toMatchObject({ restored: 20, skipped: 0 });
    expect(mailboxLines(server.imapPort, userName(number))).toEqual(expected);
  });

  test('a connection that is cut in the middle of a command: nothing lost, nothing doubled', async () => {
    const number = ++accounts;
    const expected = addAccount(bench, number, 600, 80);
    proxy = new CuttingProxy(server.imapPort);
    const port = await proxy.start();
    const request = await bench.begin({ target: target('&settle=1', port) });
    for (const bytes of [1_000, 40_000, 90_000, 150_000]) {
      proxy.cutAfter = bytes;
      await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    }
    expect(proxy.cuts).toBe(4);
    const { counters } = await bench.slice(request);
    expect(counters).toMatchObject({ restored: 600, unrestored: 0, skipped: 0 });
    expect(mailboxLines(server.imapPort, userName(number))).toEqual(expected);
  });

  test('a server that ends a session after some commands: called again in time, or after it settled', async () => {
    const [first, second] = [++accounts, ++accounts];
    const expected = addAccount(bench, first, 300);
    proxy = new CuttingProxy(server.imapPort);
    const port = await proxy.start();
    proxy.appendsPerConnection = 5;
    const told = await bench.restore({ target: target('&appends=5', port) });
    expect(told.counters).toMatchObject({ restored: 300, unrestored: 0 });
    expect(proxy.cuts).toBe(0);
    expect(mailboxLines(server.imapPort, userName(first))).toEqual(expected);

    const more = addAccount(bench, second, 300);
    const request = await bench.begin({ target: target('&settle=1', port) });
    let ended = false;
    for (let tries = 0; tries < 12 && !ended; tries++) {
      ended = await bench.slice(request).then(
        ({ more: left }) => !left,
        (error: Problem) => error.type !== 'TargetUnavailable',
      );
    }
    expect(ended).toBe(true);
    expect(proxy.cuts).toBeGreaterThan(0);
    expect(mailboxLines(server.imapPort, userName(second))).toEqual(more);
  });

  test('commands that all wait for the first of their folder go over sessions that are not ended yet', async () => {
    const number = ++accounts;
    const expected = addMessages(bench, number, 200);
    proxy = new CuttingProxy(server.imapPort);
    const port = await proxy.start();
    proxy.appendsPerConnection = 5;
    proxy.answers = byLines((text) => text.replaceAll(' MULTIAPPEND', ''));
    const told = await bench.restore({ target: target('&appends=5&connections=3', port) });
    expect(told.counters).toMatchObject({ restored: 200, unrestored: 0 });
    expect(proxy.cuts).toBe(0);
    const { messages } = readImap(server.imapPort, userName(number));
    expect(messages.map(({ sha256 }) => sha256).sort()).toEqual(expected);
  });

  test('a name that the server refuses, a name twice, and names of its own', async () => {
    const number = ++accounts;
    const id = `acc-${number}`;
    const { store } = bench;
    store.writer.account(accountInfo(id, userName(number)));
    const names = ['~home', 'a/b', 'Inbox', 'Sent Items', 'Trash', 'x'.repeat(300), 'a*b%c"\\'];
    names.forEach((name, i) => {
      store.writer.item(id, 300 + i, [state({ type: 'folder', name, folder: 1 })]);
      store.message(id, 1000 + i, mail(`in ${i}`), { folder: 300 + i });
    });
    const { counters } = await bench.restore({ target: target() });
    expect(counters).toMatchObject({ restored: names.length, unrestored: 0 });
    const { messages } = readImap(server.imapPort, userName(number));
    expect(new Set(messages.map(({ folder }) => folder)).size).toBe(names.length);
    expect(messages.map(({ folder }) => folder)).not.toContain('INBOX');
    const sample = names.map((_name, i) => hex(mail(`in ${i}`)));
    expect(messages.map(({ sha256 }) => sha256).sort()).toEqual(sample.sort());
  });

  test('what IMAP cannot hold is saved beside the report', async () => {
    const number = ++accounts;
    const unheld = addUnheld(bench, number);
    const restored = await bench.restore({ target: target() });
    expect(restored.counters).toMatchObject({ restored: 0, unrestored: unheld.size });
    expect(savedUnheld(restored, number)).toEqual([...unheld].map(([path, content]) => [path, hex(content)]));
  });

  test('a master user, and one account whose own secret is wrong: others go on', async () => {
    // accounts come in the order of their ids, as text: the good one behind the bad one
    const [bad, good] = [++accounts, ++accounts].sort() as [number, number];
    const expected = addAccount(bench, good, 10);
    addAccount(bench, bad, 10);
    addSecret(bench, `own-${userName(good)}`);
    addSecret(bench, `own-${userName(bad)}`, 'wrong');
    const own = `imap://127.0.0.1:${server.imapPort}/?secret=own-%u`;
    const { counters, report } = await bench.restore({ target: own });
    expect(counters).toMatchObject({ restored: 10, unrestored: 10 });
    expect(report.status).toBe('partial');
    expect(report.accounts[userName(bad)]?.unrestored[0]?.reason).toMatch(/refuses the login of user/);
    expect(JSON.stringify(report)).not.toContain('wrong');
    expect(mailboxLines(server.imapPort, userName(good))).toEqual(expected);

    addSecret(bench, 'master', 'master-of-all');
    const master = `imap://127.0.0.1:${server.imapPort}/?user=%u*admin&secret=master`;
    const more = await bench.restore({ target: master });
    expect(more.counters).toMatchObject({ unrestored: 0 });
    expect(mailboxLines(server.imapPort, userName(bad))).toHaveLength(10);
  });

  test('a password that opens no account ends the restore at once', async () => {
    addAccount(bench, ++accounts, 3);
    addSecret(bench, 'imap', 'wrong');
    const failure = await bench.restore({ target: target() }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Problem);
    expect(failure).toMatchObject({ type: 'LoginRefused' });
  });
});
