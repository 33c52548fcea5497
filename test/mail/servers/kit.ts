/** A restore into a real mail server, and what its mailboxes must then look like. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RestoreBench } from '../../restore/bench';
import { accountInfo, mail, state } from '../../restore/store';
import { PASSWORD } from './dovecot';
import { readImap } from './read-imap';

export function addSecret(bench: RestoreBench, name = 'imap', secret = PASSWORD): string {
  const secretsDir = join(bench.folder, 'secrets');
  mkdirSync(secretsDir, { recursive: true, mode: 0o700 });
  writeFileSync(join(secretsDir, name), `${secret}\n`, { mode: 0o600 });
  Object.assign(bench.settings, { secretsDir });
  return secretsDir;
}

export const hex = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

const FOLDERS = [
  { id: 257, name: 'Projekte', parent: 1, imap: 'Projekte' },
  { id: 258, name: 'Entwürfe & Co', parent: 257, imap: 'Projekte/Entw&APw-rfe &- Co' },
  { id: 259, name: '会議', parent: 1, imap: '&TxqLcA-' },
] as const;
const PLACES = [
  [2, 'INBOX'],
  [5, 'Sent Items'],
  [257, FOLDERS[0].imap],
  [258, FOLDERS[1].imap],
  [259, FOLDERS[2].imap],
] as const;
const FLAGS = [
  ['', ['\\Seen']],
  ['u', []],
  ['f', ['\\Flagged', '\\Seen']],
  ['rw', ['$Forwarded', '\\Answered', '\\Seen']],
  ['ufd', ['\\Draft', '\\Flagged']],
] as const;
const TAGS = [[], ['Work'], ['Work', 'Später']] as const;
const KEYWORDS: Record<string, string> = { Work: 'Work', Später: 'Sp&AOQ-ter' };

/** Adds an account with folders and messages. Answers the lines that `mailboxLines` must give, sorted. */
export function addAccount(bench: RestoreBench, number: number, items: number, lines = 20): string[] {
  const { store } = bench;
  const id = `acc-${number}`;
  store.writer.account(accountInfo(id, `user${number}@example.com`));
  for (const { id: folder, name, parent } of FOLDERS) {
    store.writer.item(id, folder, [state({ type: 'folder', name, folder: parent })]);
  }
  const expected: string[] = [];
  for (let i = 0; i < items; i++) {
    const item = 1000 + i;
    const subject = item % 50 === 0 ? `same ${number}` : `m ${number} ${item}`;
    const content = mail(subject, `line ${subject}\r\n`.repeat(lines + (item % lines)));
    const [folder, imap] = PLACES[item % PLACES.length] as (typeof PLACES)[number];
    const [flags, shown] = FLAGS[item % FLAGS.length] as (typeof FLAGS)[number];
    const tags = TAGS[item % TAGS.length] as readonly string[];
    const date = Date.UTC(2024, 0, 1) + item * 60_000;
    store.message(id, item, content, { folder, flags, tags, date });
    const words = [...shown, ...tags.map((tag) => KEYWORDS[tag] as string)].sort();
    expected.push([imap, hex(content), words.join('+'), date].join(' '));
  }
  return expected.sort();
}

export const mailboxLines = (port: number, user: string): string[] =>
  readImap(port, user)
    .messages.map(({ folder, sha256, flags, date }) => [folder, sha256, flags.join('+'), date].join(' '))
    .sort();

export const userName = (number: number): string => `user${number}@example.com`;

/** Adds an account with messages. Answers their digests as `deliveredTo` must give them, sorted. */
export function addMessages({ store }: RestoreBench, number: number, items: number, lines = 20): string[] {
  const id = `acc-${number}`;
  store.writer.account(accountInfo(id, userName(number)));
  return Array.from({ length: items }, (_, i) => {
    const content = mail(`m ${number} ${i}`, `.line ${i}\r\n`.repeat(lines + (i % lines)));
    store.message(id, 1000 + i, content);
    return hex(content);
  }).sort();
}

/** What came over LMTP, in any folder. */
export const deliveredTo = (port: number, user: string): string[] =>
  readImap(port, user)
    .messages.map(({ delivered }) => delivered)
    .sort();

/** Adds an account with what no mail server holds. Answers what must be saved of it, by its path beside the report. */
export function addUnheld({ store }: RestoreBench, number: number): Map<string, Buffer> {
  const id = `acc-${number}`;
  store.writer.account(accountInfo(id, userName(number)));
  // bytes that a detour through text, or through lines, would change
  const card = 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jörg Müller\r\nNOTE:a folded\r\n  line\nand LF\r\nEND:VCARD';
  const entry = (kind: string, more: string): string =>
    `BEGIN:VCALENDAR\r\nBEGIN:${kind}\r\nUID:u1\r\n${more}\r\nEND:${kind}\r\nEND:VCALENDAR\r\n`;
  // more than is read into memory
  const picture = `ATTACH;ENCODING=BASE64;VALUE=BINARY:${`${'A'.repeat(72)}\r\n `.repeat(120_000)}`;
  const items = [
    ['contact', 7, 'vcf', Buffer.from(card)],
    ['contact', 7, 'vcf', Buffer.from(`\xff${card}\0`, 'latin1')],
    ['appointment', 10, 'ics', Buffer.from(entry('VEVENT', 'SUMMARY:Fête – 会議'))],
    ['appointment', 10, 'ics', Buffer.from(entry('VEVENT', picture))],
    ['task', 15, 'ics', Buffer.from(entry('VTODO', 'SUMMARY:\ta\tb'))],
  ] as const;
  return new Map(
    items.map(([type, folder, extension, content], i) => {
      store.message(id, 400 + i, content, { type, folder });
      return [`unsupported/${id}/${400 + i}.${extension}`, content];
    }),
  );
}

/** What the report says is saved of an account's unsupported items: path, and digest of what is there. */
export const savedUnheld = (
  { report, dir }: Awaited<ReturnType<RestoreBench['restore']>>,
  number: number,
): [string, string][] =>
  (report.accounts[userName(number)]?.unrestored ?? [])
    .filter((finding) => finding.class === 'unsupported')
    .map(({ savedAs = '' }) => [savedAs, hex(readFileSync(join(dir, savedAs)))]);
