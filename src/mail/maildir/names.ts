/** Folder names: from what the source says to a Maildir++ directory that mail servers read. */
import { createHash } from 'node:crypto';
import { Problem } from '../../failures';
import type { SystemFolder } from '../target';
import { beginningThatFits, decodeUtf7, encodeUtf7, wellFormed } from './utf7';

/** File systems allow 255 bytes; the rest is for what servers put around a name. */
export const LONGEST_NAME = 240;
/** Less room than this below a parent, and a folder is put higher up instead. */
const LEAST_ROOM = 32;
const MOST_TRIES = 100_000;

const SYSTEM_NAMES: Record<SystemFolder, string> = {
  Inbox: '',
  Trash: '.Trash',
  Junk: '.Junk',
  Sent: '.Sent',
  Drafts: '.Drafts',
  Contacts: '.Contacts',
  Calendar: '.Calendar',
  Tasks: '.Tasks',
  'Emailed Contacts': '.Emailed Contacts',
  Chats: '.Chats',
  Briefcase: '.Briefcase',
};
/** Always there in a mailbox, so never given to a folder of the same name. */
const RESERVED = new Set(['.Trash', '.Junk', '.Sent', '.Drafts']);

/** The directory of a system folder, relative to the Maildir; the Inbox is the Maildir itself: ''. */
export function systemFolderName(role: SystemFolder): string {
  return SYSTEM_NAMES[role];
}

export interface FolderName {
  /** Directory name relative to the Maildir. */
  readonly folder: string;
  /** How people see it, when that differs from what the source says. */
  readonly renamedTo?: string;
}

/**
 * The directory for the folder `name` below `parent` (undefined: top level; '': the Inbox).
 *
 * @param taken whether another folder of the source has that directory already
 */
export function folderName(
  parent: string | undefined,
  name: string,
  taken: (candidate: string) => boolean,
): FolderName {
  const above = parent === '' ? '.INBOX' : (parent ?? '');
  const visible = visibleName(name, above === '');
  for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
    const candidate = fit(above, visible, attempt === 1 ? '' : `-${attempt}`);
    if (isInbox(candidate.folder) || RESERVED.has(candidate.folder) || taken(candidate.folder)) continue;
    if (candidate.shown === name) return { folder: candidate.folder };
    return { folder: candidate.folder, renamedTo: candidate.shown };
  }
  throw new Problem('TargetRefused', `No free name was found for the folder "${name}".`);
}

/** IMAP knows the Inbox by this name, in any case, and it is the Maildir itself. */
function isInbox(folder: string): boolean {
  return folder.toUpperCase() === '.INBOX';
}

/** The name with what a Maildir++ name cannot hold replaced: the separators, control characters, nothing at all. */
function visibleName(name: string, topLevel: boolean): string {
  const clean = wellFormed(name).replace(/[./\p{Cc}\u2028\u2029]/gu, '_');
  if (clean === '') return '_';
  // Servers read a leading ~ as somebody's home.
  return topLevel && clean.startsWith('~') ? `_${clean.slice(1)}` : clean;
}

/** Puts prefix, name and suffix together; shortens the name, with a hash of the whole, when it gets too long. */
function fit(above: string, visible: string, suffix: string): { folder: string; shown: string } {
  const whole = `${above}.${encodeUtf7(visible + suffix)}`;
  if (whole.length <= LONGEST_NAME) return { folder: whole, shown: visible + suffix };
  const hash = createHash('sha256').update(`${above}.${visible}`).digest('hex').slice(0, 8);
  const tail = `-${hash}${suffix}`;
  let parent = above;
  while (LONGEST_NAME - parent.length - 1 < LEAST_ROOM) parent = parent.slice(0, parent.lastIndexOf('.'));
  const kept = beginningThatFits(visible, tail, LONGEST_NAME - parent.length - 1);
  const folder = `${parent}.${encodeUtf7(kept + tail)}`;
  return { folder, shown: parent === above ? kept + tail : shownPath(folder) };
}

/** A whole directory name as people see it, with `/` between the parts. */
export function shownPath(folder: string): string {
  if (folder === '') return 'INBOX';
  return folder
    .slice(1)
    .split('.')
    .map((part) => decodeUtf7(part) ?? part)
    .join('/');
}

/** Whether this can be a directory of a Maildir++ folder at all: '' or a dot and non-empty parts. */
export function isFolderName(folder: string): boolean {
  return folder === '' || /^(\.[^./\p{Cc}]+)+$/u.test(folder);
}
