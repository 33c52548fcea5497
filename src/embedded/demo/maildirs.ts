/**
 * Reads Maildir mailboxes with nothing but the file system, as any other program would. It shares no code with what
 * wrote them: what it finds is evidence.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface FoundMessage {
  /** Names from the top, as a mail program shows them. */
  readonly folder: readonly string[];
  /** Letters after `:2,` that are flags, sorted. */
  readonly flags: string;
  /** Names of the keywords, sorted. */
  readonly keywords: readonly string[];
  /** Delivery date, seconds since 1970. */
  readonly seconds: number;
  /** SHA-256 of the bytes, base64 with `,` for `/`. */
  readonly digest: string;
}

const folders = (path: string): string[] =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [e.name] : []))
    : [];

/** Addresses of the mailboxes in a folder of the form `<domain>/<local part>/Maildir`. */
export function listMailboxes(root: string): string[] {
  return folders(root)
    .flatMap((domain) => folders(join(root, domain)).map((local) => ({ domain, local })))
    .filter(({ domain, local }) => existsSync(join(root, domain, local, 'Maildir')))
    .map(({ domain, local }) => `${local}@${domain}`);
}

export function maildirOf(root: string, address: string): string {
  const at = address.lastIndexOf('@');
  return join(root, address.slice(at + 1), address.slice(0, at), 'Maildir');
}

/** The Maildir itself and the folders in it. */
const maildirFolders = (maildir: string): string[] => [
  '',
  ...folders(maildir).filter((name) => name.startsWith('.')),
];

const files = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);

/** How many messages are visible in all mailboxes. Quick: nothing is opened. */
export function countMessages(root: string): number {
  let count = 0;
  for (const address of listMailboxes(root)) {
    const maildir = maildirOf(root, address);
    for (const folder of maildirFolders(maildir)) count += files(join(maildir, folder, 'cur')).length;
  }
  return count;
}

/** Every message of a mailbox. `leftovers` are files that should not be there: half-delivered, or not yet sorted in. */
export function readMaildir(maildir: string): { messages: FoundMessage[]; leftovers: string[] } {
  const messages: FoundMessage[] = [];
  const leftovers: string[] = [];
  for (const folder of maildirFolders(maildir)) {
    const path = join(maildir, folder);
    for (const part of ['tmp', 'new'])
      leftovers.push(...files(join(path, part)).map((n) => join(path, part, n)));
    const names = keywordNames(path);
    for (const name of files(join(path, 'cur')))
      messages.push(readMessage(join(path, 'cur', name), folder, names));
  }
  return { messages, leftovers };
}

function readMessage(path: string, folder: string, names: ReadonlyMap<string, string>): FoundMessage {
  const letters = path.slice(path.lastIndexOf(':2,') + 3);
  const keywords = [...letters].filter((letter) => /[a-z]/.test(letter)).map((l) => names.get(l) ?? `?${l}`);
  return {
    folder: folder === '' ? ['INBOX'] : folder.slice(1).split('.').map(decodeName),
    flags: letters.replace(/[a-z]/g, ''),
    keywords: keywords.sort(),
    seconds: Math.floor(statSync(path).mtimeMs / 1000),
    digest: createHash('sha256').update(readFileSync(path)).digest('base64').replaceAll('/', ','),
  };
}

/** What the letters of keywords mean in this folder. */
function keywordNames(path: string): Map<string, string> {
  const file = join(path, 'dovecot-keywords');
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const [number, name] = line.split(' ');
      return [String.fromCharCode(97 + Number(number)), decodeName(name ?? '')];
    }),
  );
}

/** From modified UTF-7 (RFC 3501, 5.1.3). */
function decodeName(name: string): string {
  return name.replace(/&([^-]*)-/g, (_, encoded: string) => {
    if (encoded === '') return '&';
    return Buffer.from(encoded.replaceAll(',', '/'), 'base64').swap16().toString('utf16le');
  });
}
