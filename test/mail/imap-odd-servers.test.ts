/** IMAP servers that offer little, refuse some things, or change under our hands: real Dovecots, configured so. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expectedRestore } from '../../src/embedded/sample/facts';
import { makeSample } from '../../src/embedded/sample/make-sample';
import { BackupPath } from '../../src/backup-path/store';
import { wholeContent } from '../../src/mail/imap/message';
import { encodeUtf7 } from '../../src/mail/maildir/utf7';
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';
import { Dovecot, hasDovecot, PASSWORD, type DovecotOptions } from './servers/dovecot';
import { byLines, withoutAppendUid } from './servers/imap-watch';
import { addAccount, addSecret, hex, mailboxLines, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';
import { readImap } from './servers/read-imap';

(hasDovecot() ? describe : describe.skip)('IMAP', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  beforeEach(() => {
    bench = new RestoreBench();
    addSecret(bench);
  });
  afterEach(async () => {
    bench.remove();
    await server.stop();
  });
  const start = async (options: DovecotOptions): Promise<void> => {
    server = await new Dovecot(options).start();
  };
  const target = (port = server.imapPort, options = ''): string =>
    `imap://127.0.0.1:${port}/?secret=imap&settle=1${options}`;

  test('keywords that the server refuses are left off, with a note, and the message is there', async () => {
    await start({ more: 'mail_max_keyword_length = 3\n' });
    bench.store.writer.account(accountInfo('acc-1', userName(1)));
    bench.store.message('acc-1', 300, mail('one'), { tags: ['Work'], flags: 'f' });
    bench.store.message('acc-1', 301, mail('two'), { tags: ['abc'] });
    const { counters, report } = await bench.restore({ target: target() });
    expect(counters).toMatchObject({ restored: 2, unrestored: 0 });
    const notes = report.accounts[userName(1)]?.notes ?? [];
    expect(notes).toMatchObject([{ item: 300, text: expect.stringMatching(/without its tags/) }]);
    const lines = readImap(server.imapPort, userName(1)).messages.map(({ sha256, flags }) => [sha256, flags]);
    expect(lines.sort()).toEqual(
      [
        [hex(mail('one')), ['\\Flagged', '\\Seen']],
        [hex(mail('two')), ['\\Seen', 'abc']],
      ].sort(),
    );
  });

  test.each([
    ['', 'IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS'],
    ['out', 'IMAP4rev1'],
  ])(
    'a folder that somebody removes in the middle is made again, with%s UIDPLUS',
    async (_, capabilities) => {
      await start({ more: `imap_capability = ${capabilities}\n` });
      const expected = addAccount(bench, 1, 400, 2);
      const proxy = new CuttingProxy(server.imapPort);
      const port = await proxy.start();
      // Dovecot says it also where it does not offer it
      if (!capabilities.includes('UIDPLUS')) proxy.answers = byLines(withoutAppendUid);
      const request = await bench.begin({ target: target(port, '&connections=1') });
      const name = 'Projekte/Entw&APw-rfe &- Co';
      let removed = 0;
      const onProgress = (): void => {
        if (removed > 0) return;
        removed = removeFolder(name);
      };
      const { counters } = await bench.slice(request, { onProgress }).finally(() => proxy.stop());
      expect(removed).toBeGreaterThan(0);
      expect(counters).toMatchObject({ restored: 400, unrestored: 0 });
      // what was removed with the folder is the remover's; all others are there
      const there = mailboxLines(server.imapPort, userName(1));
      expect(there).toHaveLength(400 - removed);
      expect(there.filter((line) => line.startsWith(name)).length).toBeGreaterThan(0);
      expect(there.every((line) => expected.includes(line))).toBe(true);
    },
  );

  /** As another program of the user does. Answers how many messages were in it; 0 while there is none. */
  function removeFolder(name: string): number {
    const script = `
import imaplib, sys
imap = imaplib.IMAP4("127.0.0.1", ${server.imapPort})
imap.login("${userName(1)}", "${PASSWORD}")
status, count = imap.select('"${name}"', readonly=True)
if status != "OK" or int(count[0]) == 0: print(0); sys.exit()
imap.close()
status, text = imap.delete('"${name}"')
assert status == "OK", text
print(int(count[0]))
imap.logout()`;
    const { status, stdout, stderr } = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return Number(stdout);
  }

  test('a locked mailbox: its items are reported, other accounts go on, and later all is well', async () => {
    await start({ more: 'mail_max_lock_timeout = 1s\n' });
    // accounts come in the order of their ids: others are before it and behind it
    const free = [1, 3].map((number) => ({ number, lines: addAccount(bench, number, 10) }));
    const locked = addAccount(bench, 2, 10);
    const expectFree = (): void => {
      for (const { number, lines } of free)
        expect(mailboxLines(server.imapPort, userName(number))).toEqual(lines);
    };
    // its folders are there, so that the lock meets the messages
    await bench.restore({ target: target(), accounts: [userName(2)] });
    for (let item = 2000; item < 2005; item++)
      bench.store.message('acc-2', item, mail(`m ${item}`), { folder: 257 });
    const folder = join(server.folder, 'home', userName(2), 'sdbox/mailboxes/Projekte/dbox-Mails');
    const holder = spawn('python3', ['-c', LOCK, join(folder, 'dovecot.index.log')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'exit');
    await once(holder.stdout, 'data');
    try {
      const { counters, report } = await bench.restore({ target: target() });
      const reasons = report.accounts[userName(2)]?.unrestored.map(({ reason }) => reason) ?? [];
      expect(reasons).toHaveLength(5);
      expect(reasons[0]).toMatch(/the folder is locked or does not work/);
      expect(counters).toMatchObject({ restored: 20, skipped: 10, unrestored: 5 });
      expectFree();
    } finally {
      holder.stdin.end();
      await ended;
    }
    const again = await bench.restore({ target: target() });
    expect(again.counters).toMatchObject({ restored: 5, unrestored: 0 });
    expectFree();
    expect(mailboxLines(server.imapPort, userName(2))).toHaveLength(locked.length + 5);
  });

  test('the sample comes back as it was made', async () => {
    await start({});
    const root = join(bench.folder, 'sample');
    const facts = makeSample(root, { items: 300, accounts: 12 });
    const { restored, unsupported, defects, accounts } = expectedRestore(facts);
    const { counters } = await bench.restore({ sourcePath: root, target: target() });
    // lines that are too long for Carbonio are not for Dovecot
    const long = defects.filter(({ kind }) => kind === 'invalid');
    const damaged = defects.length - long.length;
    expect(counters).toMatchObject({
      restored: restored.length + long.length,
      unrestored: unsupported.length + damaged,
      skipped: 0,
    });
    const isLong = (account: string, item: number): boolean =>
      long.some((defect) => defect.account === account && defect.item === item);
    const wanted = [...restored, ...facts.items.filter(({ account, item }) => isLong(account, item))];
    const { blobs } = BackupPath.open(root);
    for (const address of accounts) {
      const lines: string[] = [];
      for (const { digest, date, folder, flags } of wanted.filter(({ account }) => account === address)) {
        const [top = '', ...below] = folder;
        // neither a slash nor a tilde at the beginning can be in a name there
        const names = [{ Sent: 'Sent Items' }[top] ?? top, ...below].map((name) =>
          encodeUtf7(name.replaceAll('/', '_').replace(/^~/, '_')),
        );
        // Dovecot ends every line with CRLF
        const content = (await wholeContent(await blobs.load(digest))).toString('latin1');
        const hash = hex(Buffer.from(content.replaceAll('\r\n', '\n'), 'latin1'));
        const seen = flags.includes('u') ? '' : 'seen';
        lines.push(`${hash} ${names.join('/')} ${Math.floor(date / 1000)} ${seen}`);
      }
      const there = readImap(server.imapPort, address).messages.map(({ crlfless, folder, date, flags }) => {
        return `${crlfless} ${folder} ${date / 1000} ${flags.includes('\\Seen') ? 'seen' : ''}`;
      });
      expect(there.sort()).toEqual(lines.sort());
    }
  });
});

const LOCK = `
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()`;
