/** Finds out what the items of a mailbox are: messages by their content, the others by our mark or their own id. */
import { createHash } from 'node:crypto';
import { finishDigest } from '../../backup-path/digest';
import { sha256, wholeContent } from '../imap/message';
import type { DoubtfulMessage, ExistingMessage } from '../target';
import { markAmong, markIn, uidIn } from './content';
import { isFault } from './fault';
import { firstOf } from './json';
import type { AccountSession } from './session';
import { snapshotOf, type HeldItem } from './snapshot';

/** A calendar entry under the digest by which `existing()` lists it. */
export const uidDigest = (uid: string): string => `uid:${uid}`;

/** Null when it is not there any more. */
async function identify(session: AccountSession, { id, type }: HeldItem): Promise<ExistingMessage | null> {
  if (type === 'm') {
    let hash = createHash('sha256');
    const there = await session.read(id, 'raw', () => {
      const fresh = (hash = createHash('sha256'));
      return (chunk) => void fresh.update(chunk);
    });
    return there ? { kind: 'other', digest: finishDigest(hash) } : null;
  }
  if (type === 'cn') {
    const mark = await contactMark(session, id);
    if (mark === null) return null;
    // a contact that came another way has nothing by which it is known again
    return mark === 'none' ? { kind: 'other', digest: `item ${id}` } : { kind: 'ours', ...mark };
  }
  let chunks: Buffer[] = [];
  const there = await session.read(id, 'ics', () => {
    const fresh: Buffer[] = (chunks = []);
    return (chunk) => void fresh.push(chunk);
  });
  if (!there) return null;
  const text = Buffer.concat(chunks).toString('utf8');
  const mark = markIn(text);
  if (mark !== null) return { kind: 'ours', ...mark };
  const uid = uidIn(text);
  return { kind: 'other', digest: uid === null ? `item ${id}` : uidDigest(uid) };
}

/**
 * Our mark in a contact, which is among the attributes that users do not see: a vCard that the server gives has it not.
 * They are only told when no attributes are named. Both by the server's source. Null: no such contact any more.
 */
async function contactMark(
  session: AccountSession,
  id: number,
): Promise<{ itemId: number; key: string } | 'none' | null> {
  try {
    const answer = await session.call('GetContacts', { returnHiddenAttrs: '1', cn: [{ id: String(id) }] });
    return markAmong(firstOf(answer, 'cn', 'GetContacts')) ?? 'none';
  } catch (error) {
    if (isFault(error, 'mail.NO_SUCH_CONTACT', 'mail.NO_SUCH_ITEM')) return null;
    throw error;
  }
}

/** What the items are, several at a time, in order. Calls `onProgress` with how many were looked at. */
export async function* identified(
  session: AccountSession,
  items: readonly HeldItem[],
  onProgress: (seen: number) => void = () => undefined,
): AsyncGenerator<ExistingMessage & { id: number }> {
  for (let at = 0; at < items.length; at += session.connections) {
    const page = items.slice(at, at + session.connections);
    const found = await Promise.all(page.map((item) => identify(session, item)));
    for (const [index, what] of found.entries()) {
      if (what !== null) yield { ...what, id: (page[index] as HeldItem).id };
    }
    onProgress(at + page.length);
  }
}

/**
 * Which of these items are there: looked for among those that came since their batch began, whose ids are higher than
 * the one that stands in their trace. Messages as a multiset: what was done before that batch is older, and all of a
 * batch is in doubt.
 *
 * @param known ids that are accounted for
 */
export async function findSince(
  session: AccountSession,
  doubts: readonly DoubtfulMessage[],
  known: ReadonlySet<number> = new Set(),
): Promise<Set<number>> {
  const traced = doubts.filter(({ trace }) => trace !== null && /^\d+$/.test(trace ?? ''));
  const found = new Set<number>();
  if (traced.length === 0) return found;
  const oldest = Math.min(...traced.map(({ trace }) => Number(trace)));
  const { items } = await snapshotOf(session);
  const newer = items.filter(({ id }) => id > oldest && !known.has(id));
  const marks = new Set<string>();
  const digests = new Map<string, number[]>();
  for await (const what of identified(session, newer)) {
    if (what.kind === 'ours') marks.add(`${what.itemId}.${what.key}`);
    else digests.set(what.digest, [...(digests.get(what.digest) ?? []), what.id]);
  }
  for (const doubt of traced) {
    const { itemId, key, trace } = doubt;
    if (marks.has(`${itemId}.${key}`)) {
      found.add(itemId);
      continue;
    }
    if (digests.size === 0) continue;
    const sent = (await doubt.sent?.()) ?? null;
    if (sent === null) continue;
    const ids = digests.get(sha256(await wholeContent(sent.content))) ?? [];
    const index = ids.findIndex((id) => id > Number(trace));
    if (index < 0) continue;
    ids.splice(index, 1);
    found.add(itemId);
  }
  return found;
}
