/**
 * What an attempt that died had in doubt, and is not there, comes first, as a batch of its own: a target that was killed
 * while it stored may have some of it and not know that yet, and what it finds again (mail/imap/hidden.ts) must be of the
 * batch that it is compared with.
 */
import type { WalkEntry } from '../backup-path/walk';
import type { AccountLedger } from '../ledger/account-ledger';
import type { SliceEnv } from './account-restore';
import { classify, type Candidate, type Classifier } from './classify';
import type { Deliverer } from './deliver';
import type { Settled } from './doubts';
import type { Matches } from './matches';
import type { Outcome } from './outcome';
import { learn } from './record';

export interface Again {
  readonly ledger: AccountLedger;
  readonly classifier: Classifier;
  readonly deliverer: Deliverer;
  readonly matches: Matches;
  /** What the look-up had to say. Emptied. */
  readonly notes: { item: number; text: string }[];
}

/**
 * Writes what the look-up found, and brings what it did not. Only the ledger of the account learns of it: counted and
 * reported it is when its turn comes.
 *
 * @returns what became of those that the target did not take; null when it was asked to stop before the end: all of the
 * batch is in doubt then
 */
export async function bringAgain(
  env: SliceEnv,
  seq: number,
  { found, missing }: Settled,
  { ledger, classifier, deliverer, matches, notes }: Again,
): Promise<ReadonlyMap<number, Outcome> | null> {
  if (found.length + missing.size === 0) return new Map();
  const { operation } = env;
  const { id, cursor } = operation.work(seq);
  const batch = candidates(env.walk(id, cursor), missing, classifier);
  const traces = await deliverer.traces(batch);
  ledger.write(() => {
    for (const doubt of found) ledger.markDone(doubt.item, doubt.operation);
    for (const item of missing) ledger.dropIntent(item);
    for (const { item } of batch) ledger.markIntent(item, operation.number, traces.get(item));
    for (const note of notes) operation.putNote(seq, note);
  });
  notes.length = 0;
  if (batch.length === 0) return new Map();
  const outcomes = await deliverer.bring(batch, new Map());
  if (outcomes.length < batch.length) return null;
  ledger.write(() => {
    for (const outcome of outcomes) {
      if (!outcome.ledger) ledger.dropIntent(outcome.item);
      else if (outcome.note) operation.putNote(seq, { item: outcome.item, text: outcome.note });
      learn(ledger, operation, outcome);
    }
  });
  matches.recorded(outcomes);
  env.onProgress();
  // what is uncertain is tried again, and judged then
  const rest = outcomes.filter((outcome) => !outcome.ledger && !outcome.uncertain);
  return new Map(rest.map((outcome) => [outcome.item, outcome]));
}

/** Those of these items that are to be delivered, in the order in which they were. */
function candidates(
  walk: Generator<WalkEntry>,
  items: ReadonlySet<number>,
  classifier: Classifier,
): Candidate[] {
  const left = new Set(items);
  const batch: Candidate[] = [];
  // that they are none of the messages that were there before us is decided
  const decided = { ...classifier, matches: { take: () => false } };
  while (left.size > 0) {
    const next = walk.next();
    if (next.done) break;
    if (next.value.kind !== 'item' || !left.delete(next.value.id)) continue;
    const candidate = classify(decided, next.value);
    if (candidate.kind === 'deliver') batch.push(candidate);
  }
  return batch;
}
