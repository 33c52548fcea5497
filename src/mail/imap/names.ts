/** Folder names: from what the source says to names that an IMAP server takes. */
import { createHash } from 'node:crypto';
import { beginningThatFits, wellFormed } from '../maildir/utf7';
import type { SystemFolder } from '../target';

/** Longest part of a name once encoded, bytes: file systems below many servers allow 255. */
const LONGEST_PART = 200;

/** The special use (RFC 6154) of a system folder, and how servers call it that mark none. */
export const SYSTEM: Record<
  SystemFolder,
  { readonly use: string | null; readonly names: readonly string[] }
> = {
  Inbox: { use: null, names: ['INBOX'] },
  Trash: { use: '\\TRASH', names: ['Trash', 'Deleted Items', 'Deleted Messages'] },
  Junk: { use: '\\JUNK', names: ['Junk', 'Spam'] },
  Sent: { use: '\\SENT', names: ['Sent', 'Sent Items', 'Sent Messages'] },
  Drafts: { use: '\\DRAFTS', names: ['Drafts'] },
  Contacts: { use: null, names: ['Contacts'] },
  Calendar: { use: null, names: ['Calendar'] },
  Tasks: { use: null, names: ['Tasks'] },
  'Emailed Contacts': { use: null, names: ['Emailed Contacts'] },
  Chats: { use: null, names: ['Chats'] },
  Briefcase: { use: null, names: ['Briefcase'] },
};

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** One part of a folder's name: without the separator, control characters and what is no text. */
export function partName(name: string, separator: string | null, suffix: string): string {
  const plain = wellFormed(name).replace(/[\p{Cc}\u2028\u2029]/gu, '_');
  const apart = separator === null ? plain : plain.replaceAll(separator, '_');
  const whole = apart === '' ? '_' : apart;
  const kept = beginningThatFits(whole, suffix, LONGEST_PART);
  if (kept === whole) return whole + suffix;
  const tail = `-${hashOf(name)}${suffix}`;
  return beginningThatFits(whole, tail, LONGEST_PART) + tail;
}

/** What to try when a server refuses a name: first without what servers are known to dislike, then a plain one. */
export function tamerNames(name: string, suffix: string): string[] {
  const tame = name.replace(/[%*~/\\."'<>|?:#&]/g, '_').trim() || '_';
  return [tame + suffix, `Folder-${hashOf(name)}${suffix}`];
}
