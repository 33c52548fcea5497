/** How an item came to be as it is: earlier states, as the backup keeps them. */
import type { ItemState } from '../../backup-path/model';
import { SYSTEM_FOLDERS } from './folder-tree';
import type { Random } from './random';

const INBOX = SYSTEM_FOLDERS.inbox.id;
const OWN_MAIL: ReadonlySet<number> = new Set([SYSTEM_FOLDERS.sent.id, SYSTEM_FOLDERS.drafts.id]);

/** Flags that a message has from the beginning; the others are given to it. */
const LASTING = /[^a!?]/g;

/**
 * The states of an item that ends as `current`, or that is deleted after it. Oldest first; each ends when the next
 * begins, the last has no end.
 *
 * @param until the time of the backup, epoch milliseconds: nothing happens after it
 */
export function history(random: Random, current: ItemState, until: number): ItemState[] {
  const states =
    current.type === 'message' && !OWN_MAIL.has(current.folder) ? received(random, current) : [current];
  if (random.chance(0.05)) {
    if (random.chance(0.4)) states.push({ ...current, folder: SYSTEM_FOLDERS.trash.id });
    states.push({ ...(states.at(-1) ?? current), deleted: true });
  }
  return timed(random, states, current.start, until);
}

/** What was received came unread into the Inbox; then it was read, then filed or marked. */
function received(random: Random, current: ItemState): ItemState[] {
  if (current.folder === SYSTEM_FOLDERS.junk.id || current.flags.includes('u') || random.chance(0.4))
    return [current];
  const lasting = current.flags.replace(LASTING, '');
  const arrived = { ...current, folder: INBOX, flags: `u${lasting}`, tags: [] };
  const read = { ...current, folder: INBOX, flags: lasting, tags: [] };
  const changed = current.folder !== INBOX || current.flags !== lasting || current.tags.length > 0;
  return changed ? [arrived, read, current] : [arrived, current];
}

function timed(random: Random, states: readonly ItemState[], start: number, until: number): ItemState[] {
  const times = states.map((_, i) =>
    i === 0 ? start : start + random.int(60_000, Math.max(60_000, until - start)),
  );
  times.sort((a, b) => a - b);
  return states.map((state, i) => ({ ...state, start: times[i] ?? start, end: times[i + 1] ?? null }));
}
