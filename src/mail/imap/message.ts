/** A message on its way into an IMAP folder: flags, date, and the digest by which it is found again. */
import { createHash } from 'node:crypto';
import { imapKeyword } from '../maildir/keywords';
import type { MessageContent } from '../target';

const FLAGS: Readonly<Record<string, string>> = {
  f: '\\Flagged',
  r: '\\Answered',
  w: '$Forwarded',
  d: '\\Draft',
  x: '\\Deleted',
};
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** The first and the last moment that a date-time of four digits can say, epoch milliseconds. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59);

/** What a folder lets a client keep: the flags it names, and whether it takes new keywords. */
export interface Allowed {
  readonly flags: ReadonlySet<string>;
  readonly any: boolean;
}

export function flagsOf(
  letters: string,
  tags: readonly string[],
  allowed: Allowed,
): { flags: string[]; notes: string[] } {
  const wanted = [...(letters.includes('u') ? [] : ['\\Seen'])];
  for (const letter of letters) if (FLAGS[letter]) wanted.push(FLAGS[letter]);
  const flags = new Set(wanted.filter((flag) => flag !== '$Forwarded' || permits(allowed, flag)));
  const notes: string[] = [];
  for (const tag of tags) {
    const keyword = imapKeyword(tag);
    if (permits(allowed, keyword)) flags.add(keyword);
    else notes.push(`The tag "${tag}" is left off: the server takes no new keywords.`);
  }
  return { flags: [...flags], notes };
}

const permits = ({ flags, any }: Allowed, flag: string): boolean => any || flags.has(flag.toLowerCase());

export interface Outgoing {
  readonly itemId: number;
  readonly folder: string;
  readonly flags: readonly string[];
  /** Epoch milliseconds. */
  readonly date: number;
  readonly bytes: Buffer;
}
/** Messages for one folder, at least one. */
export type Group = readonly Outgoing[];

export const bytesOf = (group: Group): number => group.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Without keywords. */
export const systemFlags = (flags: readonly string[]): string[] =>
  flags.filter((flag) => flag.startsWith('\\'));

/** The server's form of a moment, in UTC. */
export function internalDate(epochMs: number): string {
  const date = new Date(Math.min(Math.max(epochMs, 0), LATEST));
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** A moment as it comes back from a server, epoch milliseconds. */
export const keptDate = (epochMs: number): number => Date.parse(internalDate(epochMs));

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('base64').replaceAll('/', ',');

/**
 * The message as any server gives it back, whatever it does to line ends (CRLF) and to NUL bytes, which IMAP cannot
 * carry (Dovecot stores 0x80): every line ends with LF alone. Two messages that differ in nothing else are the same.
 */
export function levelled(bytes: Buffer): Buffer {
  if (!bytes.includes(0x0d) && !bytes.includes(0)) return bytes;
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte === 0x0d && bytes[i + 1] === 0x0a) continue;
    out[length++] = byte === 0 ? 0x80 : byte;
  }
  return out.subarray(0, length);
}

export const levelledDigest = (bytes: Buffer): string => sha256(levelled(bytes));

/** A message is held in memory whole; larger ones are not sent. Bytes. No server is known to take so much. */
const LARGEST = 256 * 1024 * 1024;
export const TOO_LARGE = `it is larger than ${LARGEST / 1024 / 1024} MiB, the most that is sent this way`;

const sizeOf = (content: MessageContent): number =>
  content.kind === 'memory' ? content.bytes.length : content.size;

export const isTooLarge = (content: MessageContent): boolean => sizeOf(content) > LARGEST;

/** All of it in memory: a command with a literal says its length first, and a message is sent again when it must. */
export async function wholeContent(content: MessageContent): Promise<Buffer> {
  if (content.kind === 'memory') return content.bytes;
  const chunks: Buffer[] = [];
  for await (const chunk of content.open()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The message as IMAP servers give it back, with CRLF; null when it is so already. */
export function asServed(bytes: Buffer): Buffer | null {
  if (!bytes.includes(0) && !hasBareLineFeed(bytes)) return null;
  const level = levelled(bytes);
  const parts: Buffer[] = [];
  let from = 0;
  for (let end = level.indexOf(0x0a); end >= 0; end = level.indexOf(0x0a, from)) {
    parts.push(level.subarray(from, end), CRLF);
    from = end + 1;
  }
  return Buffer.concat([...parts, level.subarray(from)]);
}

const CRLF = Buffer.from('\r\n');

function hasBareLineFeed(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at - 1] !== 0x0d) return true;
  }
  return false;
}
