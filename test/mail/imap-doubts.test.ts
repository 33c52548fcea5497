/** What a restore over IMAP must not take for an answer: each would lose or double mail. A real Dovecot. */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blobPath } from '../../src/backup-path/layout';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail, state } from '../restore/store';
import { Dovecot, hasDovecot } from './servers/dovecot';
import { addAccount, addSecret, hex, mailboxLines, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';
import { readImap } from './servers/read-imap';

(hasDovecot() ? describe : describe.skip)('IMAP', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  let proxy: CuttingProxy;
  let port: number;
  let number = 0;
  beforeAll(async () => {
    server = await new Dovecot().start();
  }, 30_000);
  afterAll(async () => server.stop());
  beforeEach(async () => {
    number++;
    bench = new RestoreBench();
    addSecret(bench);
    proxy = new CuttingProxy(server.imapPort);
    port = await proxy.start();
  });
  afterEach(async () => {
    if (!server.isUp) await server.start();
    bench.remove();
    await proxy.stop();
  });
  const target = (options = ''): string => `imap://127.0.0.1:${port}/?secret=imap&settle=1${options}`;

  test('a folder that cannot be looked into is not an empty one: the mailbox is listed later', async () => {
    const expected = addAccount(bench, number, 40);
    await bench.restore({ target: target() });
    Object.assign(bench.settings, { stateDir: join(bench.folder, 'other-state') });
    const request = await bench.begin({ target: target() });
    // which is no command
    proxy.requests = (data) =>
      Buffer.from(data.toString('latin1').replace('EXAMINE "Projekte"', 'EXAMINX "Projekte"'), 'latin1');
    await expect(bench.slice(request)).rejects.toMatchObject({
      type: 'TargetUnavailable',
      message: expect.stringContaining('"Projekte" cannot be looked into'),
    });
    proxy.requests = null;
    const { counters } = await bench.slice(request);
    expect(counters).toMatchObject({ restored: 0, skipped: 40, unrestored: 0 });
    expect(mailboxLines(server.imapPort, userName(number))).toEqual(expected);
  });

  test('of two that are the same one is there: the other is sent, also when an attempt ends after it was looked for', async () => {
    const id = `acc-${number}`;
    bench.store.writer.account(accountInfo(id, userName(number)));
    const digests: string[] = [];
    for (let item = 1000; item < 1064; item++) {
      // one in the first command, one in the second
      const subject = item === 1000 || item === 1063 ? 'twin' : `m ${item}`;
      const content = mail(subject, 'line\r\n'.repeat(1500));
      bench.store.message(id, item, content);
      digests.push(hex(content));
    }
    const request = await bench.begin({ target: target('&connections=1') });
    proxy.cutAfter = 450_000;
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    expect(readImap(server.imapPort, userName(number)).messages).toHaveLength(32);
    // where the folder ends is asked when all has been looked for
    let looked = false;
    proxy.answers = (data) => {
      looked ||= data.includes('BODY[]');
      return looked && data.includes('* STATUS INBOX') ? null : data;
    };
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    expect(looked).toBe(true);
    proxy.answers = null;
    expect((await bench.slice(request)).counters).toMatchObject({ restored: 64, unrestored: 0, skipped: 0 });
    const shown = readImap(server.imapPort, userName(number)).messages.map(({ sha256 }) => sha256);
    expect(shown.sort()).toEqual(digests.sort());
  });

  test('of two that are the same and have lost their flags each gets its own', async () => {
    const id = `acc-${number}`;
    bench.store.writer.account(accountInfo(id, userName(number)));
    const content = mail('twin');
    const dates = [Date.UTC(2023, 1, 2, 3, 4, 5), Date.UTC(2024, 5, 6, 7, 8, 9)] as const;
    // the folder of the second comes first
    bench.store.message(id, 1050, content, { flags: 'f', tags: [], date: dates[0] });
    bench.store.message(id, 1100, content, { flags: 'ru', tags: ['Work'], date: dates[1] });
    const request = await bench.begin({ target: target() });
    let putBack: (() => void) | undefined;
    let killed: Promise<void> | undefined;
    proxy.requests = (data) => {
      if (data.includes(' APPEND ')) putBack ??= server.notedOf(userName(number));
      return data;
    };
    proxy.answers = (data) => {
      if (data.includes('APPENDUID')) killed ??= server.kill();
      return killed === undefined ? data : null;
    };
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    await killed;
    putBack?.();
    await server.start();
    // the server finds both, and nobody hears of it
    let refused = false;
    proxy.requests = null;
    proxy.answers = (data) => {
      refused ||= data.includes('SERVERBUG');
      return refused ? null : data;
    };
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    expect(refused).toBe(true);
    proxy.answers = null;
    const { counters } = await bench.slice(request);
    expect(counters).toMatchObject({ restored: 2, unrestored: 0, skipped: 0 });
    expect(mailboxLines(server.imapPort, userName(number))).toEqual([
      `INBOX ${hex(content)} Work+\\Answered ${dates[1]}`,
      `INBOX ${hex(content)} \\Flagged+\\Seen ${dates[0]}`,
    ]);
  });

  test('a doubtful message whose content cannot be read stays in doubt, and is not sent again', async () => {
    const id = `acc-${number}`;
    bench.store.writer.account(accountInfo(id, userName(number)));
    const digests = new Map<string, { item: number; digest: string }>();
    for (let item = 1000; item < 1064; item++) {
      const content = mail(`m ${item}`, 'line\r\n'.repeat(1500));
      digests.set(hex(content), { item, digest: bench.store.message(id, item, content) });
    }
    const request = await bench.begin({ target: target('&connections=1') });
    proxy.cutAfter = 450_000;
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'TargetUnavailable' });
    const [there] = readImap(server.imapPort, userName(number)).messages;
    const { item, digest } = digests.get(there?.sha256 ?? '') as { item: number; digest: string };
    const blob = join(bench.store.root, blobPath(digest));
    renameSync(blob, `${blob}.away`);
    const { counters } = await bench.slice(request);
    expect(counters).toMatchObject({ restored: 63, unrestored: 1 });
    const { report } = await bench.report(request);
    expect(report.accounts[userName(number)]?.unrestored).toMatchObject([
      { item, class: 'doubtful', reason: expect.stringContaining('cannot be read to look for it') },
    ]);
    renameSync(`${blob}.away`, blob);
    const again = await bench.restore({ target: target() });
    expect(again.counters).toMatchObject({ restored: 0, skipped: 64, unrestored: 0 });
    const shown = readImap(server.imapPort, userName(number)).messages.map(({ sha256 }) => sha256);
    expect(shown.sort()).toEqual([...digests.keys()].sort());
  });

  test('an account that was made anew between two slices is restored from its beginning', async () => {
    const expected = addAccount(bench, number, 400);
    const request = await bench.begin({ target: target() });
    // the first time it tells of the listing
    await expect(bench.slice(request, { failAfterBatches: 2 })).rejects.toThrow('the test ends');
    await server.kill();
    server.removeHome(userName(number));
    await server.start();
    // Dovecot numbers a new mailbox by the second
    await sleep(2_100);
    const { counters } = await bench.slice(request);
    expect(counters).toMatchObject({ restored: 400, skipped: 0, unrestored: 0 });
    const { report } = await bench.report(request);
    expect(report.accounts[userName(number)]?.notes).toMatchObject([
      { item: 0, text: expect.stringContaining('made anew') },
    ]);
    expect(mailboxLines(server.imapPort, userName(number))).toEqual(expected);
  });
  test('one message in the mailbox stands for one of the source, whatever its line ends', async () => {
    const id = `acc-${number}`;
    bench.store.writer.account(accountInfo(id, userName(number)));
    const content = mail('the same');
    bench.store.message(id, 1000, content);
    await bench.restore({ target: target() });
    Object.assign(bench.settings, { stateDir: join(bench.folder, 'other-state') });
    bench.store.message(id, 1001, Buffer.from(content.toString().replaceAll('\r\n', '\n')));
    const { counters } = await bench.restore({ target: target() });
    expect(counters).toMatchObject({ restored: 1, skipped: 1, unrestored: 0 });
    expect(readImap(server.imapPort, userName(number)).messages).toHaveLength(2);
  });

  test('a folder that the server refuses takes no other mail with it', async () => {
    const id = `acc-${number}`;
    bench.store.writer.account(accountInfo(id, userName(number)));
    bench.store.writer.item(id, 300, [state({ type: 'folder', name: 'Work', folder: 1 })]);
    bench.store.message(id, 1000, mail('one'));
    bench.store.message(id, 1001, mail('two'), { folder: 300 });
    // which is no command
    proxy.requests = (data) =>
      Buffer.from(data.toString('latin1').replace(/^(L\d+) CREATE /gm, '$1 CREATX '), 'latin1');
    const { counters, report } = await bench.restore({ target: target() });
    expect(counters).toMatchObject({ restored: 2, unrestored: 0 });
    expect(report.accounts[userName(number)]?.notes).toMatchObject([
      { item: 300, text: expect.stringContaining('"Work" is refused, its items are in "INBOX"') },
    ]);
  });

  test('a secret of all accounts that cannot be used any more ends the restore, and no account is blamed', async () => {
    addAccount(bench, number, 3);
    const request = await bench.begin({ target: target() });
    rmSync(join(bench.folder, 'secrets/imap'));
    await expect(bench.slice(request)).rejects.toMatchObject({ type: 'SecretUnusable' });
    expect((await bench.report(request)).counters).toMatchObject({ restored: 0, unrestored: 0 });
  });
});
