/** Finds out which messages of an interrupted batch are there, and gives them what they lost. */
import type { DoubtfulMessage, SentMessage } from '../target';
import type { ImapConnection } from './connection';
import { folderArgument } from './folders';
import { arrivals, leave, parseMark, type Arrival } from './look-up';
import { isTooLarge, levelledDigest, wholeContent } from './message';
import { clean } from './reply';

/** How it is done in one mailbox. */
export interface Mending {
  /** The flags and keywords that the server would have been sent with a message. */
  readonly flagsOf: (sent: SentMessage) => readonly string[];
  /** What could not be put right. */
  readonly note: (itemId: number, text: string) => void;
}

interface Bare {
  readonly itemId: number;
  readonly uid: number;
  readonly flags: readonly string[];
}

/**
 * Which of these messages are there: each is looked for among those that came into its folder since its batch began,
 * as a multiset. What was done before that batch is older, and what the batch itself had done is not told from it
 * and need not be: all of a batch is in doubt.
 *
 * A server that was killed and finds its messages again has lost their flags (Dovecot's sdbox, measured): what has none
 * at all is given those it was sent with.
 */
export async function findByMarks(
  session: ImapConnection,
  messages: readonly DoubtfulMessage[],
  { flagsOf, note }: Mending,
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
      const arrival = there.get(levelledDigest(await wholeContent(sent.content)))?.shift();
      if (arrival === undefined) continue;
      found.add(itemId);
      const flags = flagsOf(sent);
      if (isBare(arrival) && flags.length > 0) bare.push({ itemId, uid: arrival.uid, flags });
    }
    if (bare.length > 0) await giveFlags(session, mark.folder, bare, note);
  }
  return found;
}

const isBare = ({ flags }: Arrival): boolean => flags.every((flag) => /^\\Recent$/i.test(flag));

async function giveFlags(
  session: ImapConnection,
  folder: string,
  messages: readonly Bare[],
  note: Mending['note'],
): Promise<void> {
  await session.must(`SELECT ${folderArgument(folder)}`);
  for (const { itemId, uid, flags } of messages) {
    const { status, text } = await session.run(`UID STORE ${uid} +FLAGS.SILENT (${flags.join(' ')})`);
    if (status !== 'OK')
      note(itemId, `the server lost its flags and tags, and refuses them now (${clean(text)})`);
  }
  // a folder that is left while it is selected for writing loses what is marked as deleted
  await session.must(`EXAMINE ${folderArgument(folder)}`);
  await leave(session);
}
