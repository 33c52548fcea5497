/** The end of an External Restore: its counts, and the items that were not restored, account by account. */
import { Problem } from '../../failures';
import { excerpt, plain, unknownOutput } from './excerpt';
import type { Notification } from './notification';

export interface UnrestoredAccount {
  readonly account: string;
  /** Of the source. */
  readonly ids: readonly string[];
}

export interface RestoreEnd {
  readonly restored: number;
  readonly skipped: number;
  readonly unrestored: number;
  readonly accounts: readonly UnrestoredAccount[];
  /** Different ids in the list. */
  readonly idsFound: number;
  /** The list has as many ids as `unrestored` says. If not, the list is not to be trusted as the whole. */
  readonly complete: boolean;
}

/** Numbers, or the UUIDs of Files; Carbonio's item ids are numbers. */
const ID = /^[A-Za-z0-9-]{1,64}$/;
const LIST_HEAD = /^-\s*unrestored items\s*-$/i;
const HEADING = /^-\s*\S.*\S\s*-$/;

/**
 * @throws Problem `UnknownOutput` when it is not the notification of an end, when a count is missing, twice or not a
 * number, or when something in the list is not an id. A list that is shorter or longer than the count is no failure but
 * `complete: false`: Carbonio's own documentation shows one.
 */
export function parseRestoreEnd(notification: Notification): RestoreEnd {
  const { phase, text } = notification;
  if (phase !== 'ended')
    throw unknownOutput(`The notification of an end (its state reads as ${phase})`, text);
  const lines = plain(text)
    .split('\n')
    .map((line) => line.trim());
  const head = lines.findIndex((line) => LIST_HEAD.test(line));
  const stats = head < 0 ? lines : lines.slice(0, head);
  if (!stats.some((line) => /^-\s*stats\s*-$/i.test(line)))
    throw unknownOutput('The end of the restore', text);
  const count = (label: string) => countOf(stats, label, text);
  const unrestored = count('Unrestored Items');
  const accounts = head < 0 ? [] : readAccounts(lines.slice(head + 1), text);
  const idsFound = accounts.reduce((sum, { ids }) => sum + ids.length, 0);
  return {
    restored: count('Restored Items'),
    skipped: count('Skipped Items'),
    unrestored,
    accounts,
    idsFound,
    complete: idsFound === unrestored,
  };
}

function countOf(lines: readonly string[], label: string, text: string): number {
  const mark = `${label.toLowerCase()}:`;
  const found = lines.filter((line) => line.toLowerCase().startsWith(mark));
  const digits = found[0]?.slice(mark.length).trim() ?? '';
  // no grouping: `15.233` may be either
  if (found.length !== 1 || !/^\d{1,15}$/.test(digits)) throw unknownOutput(`The count "${label}"`, text);
  return Number(digits);
}

function readAccounts(lines: readonly string[], text: string): UnrestoredAccount[] {
  const found = new Map<string, Set<string>>();
  let account: string | undefined;
  /** A long list may go on in the next lines. */
  let inList = false;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const label = colon < 0 ? '' : line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1);
    if (label === 'account') {
      account = value.trim();
      if (account === '') throw unknownOutput('An account without a name', text);
      inList = false;
    } else if (label === 'unrestored items') {
      if (account === undefined) throw unknownOutput('Items without an account', text);
      inList = true;
      addIds(found, account, value, text);
    } else if (HEADING.test(line)) {
      // another section: nothing behind it is ours
      break;
    } else if (
      inList &&
      account !== undefined &&
      /^[A-Za-z0-9-]+([\s,]|$)[A-Za-z0-9-\s,]*$/.test(line) &&
      /\d/.test(line)
    ) {
      addIds(found, account, value, text);
    } else if (line !== '') {
      // signatures, versions: no ids can be in what has none of our labels, and the count tells if some were
      inList = false;
    }
  }
  return [...found].map(([name, ids]) => ({ account: name, ids: [...ids] }));
}

function addIds(found: Map<string, Set<string>>, account: string, value: string, text: string): void {
  const ids = found.get(account) ?? new Set<string>();
  found.set(account, ids);
  for (const id of value.split(/[\s,]+/)) {
    if (id === '') continue;
    if (!ID.test(id)) {
      throw new Problem('UnknownOutput', 'An id of an item that was not restored was not understood.', {
        output: excerpt(text),
      });
    }
    ids.add(id);
  }
}
