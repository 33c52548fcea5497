/** A store with enough items to be killed in the middle of, and what its mailboxes must look like in the end. */
import { createHash } from 'node:crypto';
import { accountInfo, mail, state, TestStore } from '../restore/store';

export interface Expected {
  /** Lines of `readMailbox`, sorted, by `<domain>/<local part>`. */
  readonly mailboxes: ReadonlyMap<string, string[]>;
  readonly items: number;
}

const FOLDERS = [
  { id: 257, name: 'Projekte', parent: 1, maildir: '.Projekte' },
  { id: 258, name: 'Entwürfe 2024', parent: 257, maildir: '.Projekte.Entw&APw-rfe 2024' },
  { id: 259, name: '会議', parent: 1, maildir: '.&TxqLcA-' },
] as const;
const PLACES = [
  [2, 'INBOX'],
  [5, '.Sent'],
  [257, FOLDERS[0].maildir],
  [258, FOLDERS[1].maildir],
  [259, FOLDERS[2].maildir],
] as const;
const FLAGS = [
  ['', 'S'],
  ['u', ''],
  ['f', 'FS'],
  ['rw', 'PRS'],
  ['ufd', 'DF'],
] as const;
const TAGS = [[], ['Work'], ['Work', 'Later']] as const;

export function makeBigStore(root: string, accounts: number, itemsEach: number): Expected {
  const store = new TestStore(root);
  const mailboxes = new Map<string, string[]>();
  for (let a = 0; a < accounts; a++) {
    const id = `acc-${a}`;
    store.writer.account(accountInfo(id, `user${a}@example.com`));
    for (const { id: folder, name, parent } of FOLDERS) {
      store.writer.item(id, folder, [state({ type: 'folder', name, folder: parent })]);
    }
    const lines: string[] = [];
    for (let i = 0; i < itemsEach; i++) lines.push(addMessage(store, id, 1000 + i, a));
    mailboxes.set(`example.com/user${a}`, lines.sort());
  }
  return { mailboxes, items: accounts * itemsEach };
}

function addMessage(store: TestStore, accountId: string, item: number, account: number): string {
  // every 50th message is the same as another one: two items, one blob, and both must arrive
  const subject = item % 50 === 0 ? `same ${account}` : `m ${account} ${item}`;
  const content = mail(subject, `line ${subject}\r\n`.repeat(20 + (item % 200)));
  const [folder, place] = PLACES[item % PLACES.length] as (typeof PLACES)[number];
  const [flags, letters] = FLAGS[item % FLAGS.length] as (typeof FLAGS)[number];
  const tags = TAGS[item % TAGS.length] as readonly string[];
  const date = Date.UTC(2024, 0, 1) + item * 60_000;
  store.message(accountId, item, content, { folder, flags, tags, date });
  const sha256 = createHash('sha256').update(content).digest('hex');
  return [sha256, place, 'cur', letters, [...tags].sort().join('+'), date].join(' ');
}
