/** Finds out which messages of an interrupted batch are there. */
import type { DoubtfulMessage, SentMessage } from '../target';
import type { ImapConnection } from './connection';
import { flagKey, giveFlags, isBare, type Bare } from './give-flags';
import { arrivals, parseMark, type Arrival } from './look-up';
import { isTooLarge, keptDate, levelledDigest, wholeContent } from './message';

/** Doubtful messages by their traces; those without one were never announced. */
export function byTrace(messages: readonly DoubtfulMessage[]): Map<string, DoubtfulMessage[]> {
  const groups = new Map<string, DoubtfulMessage[]>();
  for (const message of messages) {
    if (message.trace) groups.set(message.trace, [...(groups.get(message.trace) ?? []), message]);
  }
  return groups;
}

/** What was sent; null when that is not known any more, or it never was: what is too large. */
export async function sentOf(doubt: DoubtfulMessage): Promise<SentMessage | null> {
  const sent = (await doubt.sent?.()) ?? null;
  return sent === null || isTooLarge(sent.content) ? null : sent;
}

/**
 * Which of these messages are there: each is looked for among those that came into its folder since its batch began,
 * as a multiset. What was done before that batch is older, and what the batch itself had done is not told from it
 * and need not be: all of a batch is in doubt. What has lost its flags gets them.
 *
 * @param flagsOf the flags and keywords that a message is sent with
 * @param note what could not be put right
 */
export async function findByMarks(
  session: ImapConnection,
  messages: readonly DoubtfulMessage[],
  flagsOf: (sent: SentMessage) => readonly string[],
  note: (itemId: number, text: string) => void,
): Promise<Set<number>> {
  const found = new Set<number>();
  for (const [trace, doubts] of byTrace(messages)) {
    const mark = parseMark(trace);
    const there = await arrivals(session, mark);
    const wanted: Wanted[] = [];
    for (const doubt of doubts) {
      const { itemId } = doubt;
      // also where nothing came: what cannot be read now stays in doubt
      const sent = await sentOf(doubt);
      if (sent === null) continue;
      const alike = there.get(levelledDigest(await wholeContent(sent.content)));
      if (alike !== undefined)
        wanted.push({ itemId, flags: flagsOf(sent), date: keptDate(sent.date), alike });
    }
    const bare: Bare[] = [];
    for (const [{ itemId, flags }, arrival] of matched(wanted)) {
      found.add(itemId);
      if (isBare(arrival) && flags.length > 0) bare.push({ itemId, uid: arrival.uid, flags });
    }
    if (bare.length > 0) await giveFlags(session, mark.folder, bare, note);
  }
  return found;
}

interface Wanted {
  readonly itemId: number;
  readonly flags: readonly string[];
  readonly date: number;
  /** Those of the same content that nobody has taken yet, shared with others that want one. */
  readonly alike: Arrival[];
}

const hasDate = (wanted: Wanted, arrival: Arrival): boolean => wanted.date === arrival.date;
const hasFlags = (wanted: Wanted, arrival: Arrival): boolean =>
  flagKey(wanted.flags) === flagKey(arrival.flags);

/** Of messages that are the same each gets its own, by date and flags, as far as these are kept; then any. */
function matched(all: readonly Wanted[]): Map<Wanted, Arrival> {
  const pairs = new Map<Wanted, Arrival>();
  const suits: ((wanted: Wanted, arrival: Arrival) => boolean)[] = [
    (wanted, arrival) => hasDate(wanted, arrival) && hasFlags(wanted, arrival),
    hasDate,
    hasFlags,
    (_, arrival) => isBare(arrival),
    () => true,
  ];
  for (const suit of suits) {
    for (const wanted of all) {
      const at = pairs.has(wanted) ? -1 : wanted.alike.findIndex((arrival) => suit(wanted, arrival));
      if (at >= 0) pairs.set(wanted, wanted.alike.splice(at, 1)[0] as Arrival);
    }
  }
  return pairs;
}
