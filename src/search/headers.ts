/** What an item is about and who it is from, as people read it. */
import libmime from 'libmime';
import type { ItemType } from '../backup-path/model';

export interface About {
  readonly subject: string | null;
  readonly sender: string | null;
}

/** Longest header that is looked at, characters. */
const LONGEST = 16 * 1024;

/** Of a message the headers Subject and From; of the other kinds what stands for them. */
export function aboutOf(type: ItemType, head: Buffer): About {
  const text = head.toString('utf8');
  if (type === 'message') return ofMessage(text);
  // vCard and iCalendar fold their lines as mail does
  const unfolded = text.replace(/\r?\n[ \t]/g, '');
  const property = (name: string): string | null => {
    const value = new RegExp(`^${name}(?:;[^:\\n]*)?:(.*)$`, 'im').exec(unfolded)?.[1];
    return value === undefined ? null : value.trim().replace(/\\([,;\\])/g, '$1');
  };
  if (type === 'contact') return { subject: property('FN'), sender: property('EMAIL') };
  return {
    subject: property('SUMMARY'),
    sender: property('ORGANIZER')?.replace(/^mailto:/i, '') ?? null,
  };
}

function ofMessage(text: string): About {
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  const headers = libmime.decodeHeaders(text.slice(0, end));
  const value = (name: string): string | null => {
    const found = headers[name];
    const first = Array.isArray(found) ? found[0] : found;
    return typeof first === 'string' ? decoded(first.slice(0, LONGEST)) : null;
  };
  return { subject: value('subject'), sender: value('from') };
}

/** A word in a character set that nobody knows stays as it is. */
function decoded(text: string): string {
  try {
    return libmime.decodeWords(text).trim();
  } catch {
    return text.trim();
  }
}
