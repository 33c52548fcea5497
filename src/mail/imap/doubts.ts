/** Finds out which messages of an interrupted batch are there. */
import type { DoubtfulMessage, SentMessage } from '../target';
import type { ImapConnection } from './connection';
import { giveFlags, isBare, type Bare } from './give-flags';
import { arrivals, parseMark, type Arrival } from './look-up';
import { isTooLarge, levelledDigest, wholeContent } from './message';

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
  const byMark = new Map<string, DoubtfulMessage[]>();
  for (const message of messages) {
    if (!message.trace) continue;
    byMark.set(message.trace, [...(byMark.get(message.trace) ?? []), message]);
  }
  for (const [trace, wanted] of byMark) {
    const mark = parseMark(trace);
    const there = await arrivals(session, mark);
    if (there.size === 0) continue;
    const bare: Bare[] = [];
    for (const doubt of wanted) {
      const { itemId } = doubt;
      const sent = (await doubt.sent?.()) ?? null;
      // what is too large was never sent
      if (sent === null || isTooLarge(sent.content)) continue;
      const flags = flagsOf(sent);
      const arrival = takeOne(there.get(levelledDigest(await wholeContent(sent.content))), flags);
      if (arrival === undefined) continue;
      found.add(itemId);
      if (isBare(arrival) && flags.length > 0) bare.push({ itemId, uid: arrival.uid, flags });
    }
    if (bare.length > 0) await giveFlags(session, mark.folder, bare, note);
  }
  return found;
}

/** Of messages that are the same: the one with these flags, or one that has lost its own, or any. */
function takeOne(same: Arrival[] | undefined, wanted: readonly string[]): Arrival | undefined {
  if (same === undefined || same.length === 0) return undefined;
  const key = (flags: readonly string[]): string =>
    flags
      .map((flag) => flag.toLowerCase())
      .filter((flag) => flag !== '\\recent')
      .sort()
      .join(' ');
  const exact = same.findIndex(({ flags }) => key(flags) === key(wanted));
  const at = exact >= 0 ? exact : same.findIndex(isBare);
  return same.splice(Math.max(at, 0), 1)[0];
}
