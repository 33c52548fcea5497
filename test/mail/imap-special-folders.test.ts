/** Folders that a server marks for a use (RFC 6154): mail goes where the user's programs look for it, whatever the name. */
import { RestoreBench } from '../restore/bench';
import { accountInfo, mail } from '../restore/store';
import { Dovecot, hasDovecot, type DovecotOptions } from './servers/dovecot';
import { addSecret, hex, userName } from './servers/kit';
import { CuttingProxy } from './servers/proxy';
import { readImap } from './servers/read-imap';

/** No name that anybody could guess: only the marks tell what these folders are for. */
const MARKED = { Gesendet: '\\Sent', Papierkorb: '\\Trash', Entwürfe: '\\Drafts', Werbung: '\\Junk' };
/** Where the mail of a system folder of the source belongs, as the server writes that name. */
const PLACES = [
  { folder: 2, imap: 'INBOX' },
  { folder: 3, imap: 'Papierkorb' },
  { folder: 4, imap: 'Werbung' },
  { folder: 5, imap: 'Gesendet' },
  { folder: 6, imap: 'Entw&APw-rfe' },
] as const;

(hasDovecot() ? describe : describe.skip)('IMAP', () => {
  let server: Dovecot;
  let bench: RestoreBench;
  let proxy: CuttingProxy;
  let target: string;
  beforeEach(() => {
    bench = new RestoreBench();
    addSecret(bench);
  });
  afterEach(async () => {
    bench.remove();
    await proxy.stop();
    await server.stop();
  });

  async function start(options: Omit<DovecotOptions, 'marked'> = {}): Promise<void> {
    server = await new Dovecot({ ...options, marked: MARKED }).start();
    proxy = new CuttingProxy(server.imapPort);
    target = `imap://127.0.0.1:${await proxy.start()}/?secret=imap&settle=1`;
  }

  /** One message in each system folder. Answers what must be where. */
  function addToEachFolder(): string[] {
    bench.store.writer.account(accountInfo('acc-1', userName(1)));
    return PLACES.map(({ folder, imap }, i) => {
      const content = mail(`in ${folder}`);
      bench.store.message('acc-1', 1000 + i, content, { folder });
      return `${imap} ${hex(content)}`;
    }).sort();
  }

  const read = (): { folders: string[]; lines: string[] } => {
    const { folders, messages } = readImap(server.imapPort, userName(1));
    return { folders: folders.sort(), lines: messages.map((one) => `${one.folder} ${one.sha256}`).sort() };
  };
  const sentFolders = (): string[] =>
    readImap(server.imapPort, userName(1)).messages.map(({ folder }) => folder);

  /** From now on the server has the folders, and marks none. Answers how many marks were hidden so far. */
  function hideMarks(): () => number {
    let hidden = 0;
    proxy.answers = (data) =>
      data
        .toString('latin1')
        .replace(/ SPECIAL-USE/g, ' X-NONE')
        .replace(/\\(Sent|Trash|Drafts|Junk)\b/g, () => {
          hidden++;
          return '\\Mine';
        });
    return () => hidden;
  }

  test('mail of system folders comes into the marked ones, and no others are made for it', async () => {
    await start();
    const expected = addToEachFolder();
    const { counters } = await bench.restore({ target });
    expect(counters).toMatchObject({ restored: PLACES.length, unrestored: 0 });
    expect(read()).toEqual({ folders: PLACES.map(({ imap }) => imap as string).sort(), lines: expected });
  });

  test('a mark is worth more than a usual name', async () => {
    const others = ['Drafts', 'Sent', 'Spam', 'Trash'];
    const made = others.map((name) => ` mailbox ${name} {\n  auto = create\n }\n`).join('');
    await start({ more: `namespace inbox {\n${made}}\n` });
    const expected = addToEachFolder();
    await bench.restore({ target });
    const { folders, lines } = read();
    expect(folders).toEqual([...PLACES.map(({ imap }) => imap as string), ...others].sort());
    expect(lines).toEqual(expected);
  });

  test('a server that marks folders, but takes no LIST with options', async () => {
    await start({ more: 'imap_capability = IMAP4rev1 LITERAL+ SPECIAL-USE\n' });
    const expected = addToEachFolder();
    // as a server without LIST-EXTENDED reads it
    proxy.requests = (data) => Buffer.from(data.toString('latin1').replace(' RETURN (', ' NO ('), 'latin1');
    const { counters } = await bench.restore({ target });
    expect(counters).toMatchObject({ restored: PLACES.length, unrestored: 0 });
    expect(read()).toEqual({ folders: PLACES.map(({ imap }) => imap as string).sort(), lines: expected });
  });

  test('the folder that was chosen for sent mail stays so, when the server marks none later', async () => {
    await start();
    bench.store.writer.account(accountInfo('acc-1', userName(1)));
    bench.store.message('acc-1', 1000, mail('one'), { folder: 5 });
    await bench.restore({ target });
    expect(sentFolders()).toEqual(['Gesendet']);
    // by its name it would be another one, made for it
    const hidden = hideMarks();
    bench.store.message('acc-1', 1001, mail('two'), { folder: 5 });
    expect((await bench.restore({ target })).counters).toMatchObject({ restored: 1, skipped: 1 });
    expect(hidden()).toBeGreaterThan(0);
    expect(sentFolders()).toEqual(['Gesendet', 'Gesendet']);
    expect(read().folders).not.toContain('Sent');
  });

  test('the folder that was chosen by its name stays so, when the server marks another one later', async () => {
    await start();
    bench.store.writer.account(accountInfo('acc-1', userName(1)));
    bench.store.message('acc-1', 1000, mail('one'), { folder: 5 });
    const hidden = hideMarks();
    await bench.restore({ target });
    expect(hidden()).toBeGreaterThan(0);
    expect(sentFolders()).toEqual(['Sent']);
    proxy.answers = null;
    bench.store.message('acc-1', 1001, mail('two'), { folder: 5 });
    expect((await bench.restore({ target })).counters).toMatchObject({ restored: 1, skipped: 1 });
    expect(sentFolders()).toEqual(['Sent', 'Sent']);
  });
});
