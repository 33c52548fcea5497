/** The content of items on its way to the server. */
import { isTooLarge, wholeContent } from '../imap/message';
import type { MessageContent } from '../target';
import type { Members } from './json';
import type { AccountSession } from './session';

/** Larger messages are uploaded. Bytes. */
const INLINE = 64 * 1024;
/** In a contact or an appointment: whose item of the source it is. A property of our own, which the server keeps. */
const KEY = 'X-LIFEBOAT-KEY';

export type Sent = { readonly _content: string } | { readonly aid: string };

/**
 * A message as a request carries it: within it when that cannot change a byte. The server writes CRLF for a single LF,
 * and UTF-8 for every text, so all else is uploaded.
 */
export async function sentMessage(session: AccountSession, content: MessageContent): Promise<Sent> {
  if (content.kind === 'stream') return { aid: await session.upload(content, 'message/rfc822') };
  const { bytes } = content;
  if (bytes.length > 0 && bytes.length <= INLINE && isPlain(bytes)) {
    return { _content: bytes.toString('latin1') };
  }
  return { aid: await session.upload(bytes, 'message/rfc822') };
}

/** ASCII that can be read, in lines that end in CRLF. */
function isPlain(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x20 && byte < 0x7f) continue;
    if (byte === 0x09) continue;
    if (byte === 0x0d && bytes[i + 1] === 0x0a) i++;
    else return false;
  }
  return true;
}

/** A contact or an appointment with our mark in it; null when it is none. */
export async function marked(
  content: MessageContent,
  kind: 'VCARD' | 'VCALENDAR',
  { itemId, key }: { itemId: number; key: string },
): Promise<Buffer | null> {
  if (isTooLarge(content)) return null;
  // byte for byte: the encoding is the server's to find out
  const text = (await wholeContent(content)).toString('latin1').replace(/^\xef\xbb\xbf/, '');
  if (!new RegExp(String.raw`^\s*BEGIN:${kind}\s`, 'i').test(text)) return null;
  const mark = `${KEY}:${itemId}.${key}\r\n`;
  const end = kind === 'VCARD' ? /^END:VCARD[ \t]*\r?$/gim : /^END:(?:VEVENT|VTODO)[ \t]*\r?$/gim;
  let marks = 0;
  const out = text.replace(end, (line) => {
    marks++;
    return mark + line;
  });
  return marks === 0 ? null : Buffer.from(out, 'latin1');
}

/** Text within the request when it is UTF-8, else an upload. */
export async function sentText(session: AccountSession, bytes: Buffer, type: string): Promise<Sent> {
  const text = bytes.toString('utf8');
  if (bytes.length <= INLINE && !text.includes('\0') && Buffer.from(text).equals(bytes))
    return { _content: text };
  return { aid: await session.upload(bytes, type) };
}

/** Our mark in what the server gives back; lines may be folded. */
export function markIn(text: string): { itemId: number; key: string } | null {
  const [, item, key] =
    new RegExp(`^${KEY}[^:\r\n]*:(\\d{1,15})\\.([0-9a-f]{24})\\s*$`, 'm').exec(unfolded(text)) ?? [];
  return item === undefined || key === undefined ? null : { itemId: Number(item), key };
}

/** The same among the attributes of a contact, where it is in JSON within a text. */
export function markAmong(contact: Members): { itemId: number; key: string } | null {
  const found = new RegExp(`${KEY}[^0-9]{1,40}(\\d{1,15})\\.([0-9a-f]{24})(?![0-9a-f])`).exec(
    JSON.stringify(contact),
  );
  const [, item, key] = found ?? [];
  return item === undefined || key === undefined ? null : { itemId: Number(item), key };
}

/** The id by which calendars know an appointment wherever it is; null when it has none. */
export function uidIn(text: string): string | null {
  const begin = /^BEGIN:(?:VEVENT|VTODO)\s*$/im.exec(text);
  if (begin === null) return null;
  return /^UID(?:;[^:\r\n]*)?:(.+?)\s*$/im.exec(unfolded(text.slice(begin.index)))?.[1] ?? null;
}

const unfolded = (text: string): string => text.replace(/\r?\n[ \t]/g, '');
