/** The second half of a batch: what happened, the counters and the cursor, in one durable transaction. */
import { bucketOf } from '../backup-path/layout';
import { FOUND, type AccountLedger } from '../ledger/account-ledger';
import type { Suspect, TotalsRow, WorkRow } from '../ledger/model';
import { handledIn, type OperationLedger } from '../ledger/operation-ledger';
import { addCounters, zeroCounters, type Counters } from '../report/model';
import { isItem, type Outcome } from './outcome';

/** Points of the chart; when there are more, every second one is dropped. */
const MAX_POINTS = 240;
/** Finding keys above this belong to files that are not where their item id says. */
const ODD = 2 ** 40;

export interface Batch {
  readonly operation: OperationLedger;
  readonly lane: number;
  readonly seq: number;
  readonly ledger: AccountLedger;
  readonly outcomes: Outcome[];
  /** They have an intent, and were not handed to the target. */
  readonly notBegun: readonly { readonly item: number }[];
  readonly notes: readonly { item: number; text: string }[];
  /** The account is done with this batch. */
  readonly done: boolean;
  /** Items at the end, over batches and accounts, whose failure is uncertain (SourceGuard.streak). */
  readonly streak: number;
}

/** @param more done in the same transaction */
export function recordBatch(batch: Batch, more: () => void = () => undefined): void {
  const { operation, seq, ledger, outcomes } = batch;
  ledger.write(() => {
    const work = operation.work(seq);
    const before = { cursor: work.cursor, counters: { ...work.counters } };
    if (batch.done) outcomes.push(...vanished(work, outcomes));
    const added = sum(outcomes);
    for (const outcome of outcomes) recordOutcome(batch, outcome);
    for (const { item } of batch.notBegun) ledger.dropIntent(item);
    for (const note of batch.notes) operation.putNote(seq, note);
    addCounters(work.counters, added);
    work.cursor = outcomes.at(-1)?.cursor ?? work.cursor;
    work.done = batch.done;
    operation.putWork(seq, work);
    const totals = operation.totals();
    addCounters(totals.counters, added);
    totals.handled += outcomes.length;
    if (batch.done) totals.accountsDone++;
    putPoint(operation, totals);
    operation.putTotals(totals);
    rememberSuspects(batch, before);
    more();
  });
}

/** Files that were counted when the restore was planned and are not there any more must not vanish without a word. */
function vanished(work: WorkRow, outcomes: readonly Outcome[]): Outcome[] {
  const missing = work.files - handledIn(work.counters) - outcomes.length;
  if (missing <= 0 || work.excluded !== null) return [];
  const reason = `${missing} metadata files that were there when the restore was planned are gone`;
  // behind every folder, so that no finding of one of them has its key
  const cursor = { bucket: 100, item: 0 };
  return [{ item: 0, cursor, counts: 'unrestored', finding: { item: 0, class: 'read', reason } }];
}

/**
 * While a streak of failures grows, what was recorded of it can be taken back, also by an attempt that comes after the
 * death of this one.
 */
function rememberSuspects(
  { operation, lane, seq, outcomes, streak }: Batch,
  before: Suspect['before'],
): void {
  const row = operation.lane(lane);
  if (streak === 0 && row.suspects.length === 0) return;
  const uncertain = outcomes.filter((outcome) => outcome.uncertain);
  const begunEarlier = streak > uncertain.length;
  const suspects = begunEarlier ? row.suspects : [];
  const findings = (begunEarlier ? uncertain : uncertain.slice(uncertain.length - streak)).map(findingKey);
  const known = suspects.find((suspect) => suspect.seq === seq);
  if (known) known.findings.push(...findings);
  else if (findings.length > 0) suspects.push({ seq, before, findings });
  operation.putLane(lane, { ...row, suspects: streak === 0 ? [] : suspects });
}

function recordOutcome({ operation, seq, ledger }: Batch, outcome: Outcome): void {
  const { item } = outcome;
  learn(ledger, operation, outcome);
  // a file in the folder of other ids was never to be delivered; the intent, if any, is of the item that has this id
  if (outcome.dropIntent && isInPlace(outcome)) ledger.dropIntent(item);
  if (outcome.finding) operation.putFinding(seq, findingKey(outcome), outcome.finding);
  if (outcome.note) operation.putNote(seq, { item, text: outcome.note });
  if (outcome.mountpoint) operation.putMountpoint(seq, outcome.mountpoint);
}

/** Inside `write`: what the ledger learns of the mailbox. */
export function learn(ledger: AccountLedger, operation: OperationLedger, outcome: Outcome): void {
  if (outcome.ledger === 'delivered') ledger.markDone(outcome.item, operation.number);
  else if (outcome.ledger) {
    ledger.match(outcome.ledger.matched);
    ledger.markDone(outcome.item, FOUND);
  }
}

/** The item id; of a file or folder that is not where that id says, a key of its own, so that none hides another. */
function findingKey(outcome: Outcome): number {
  const { item, cursor } = outcome;
  return isInPlace(outcome) ? item : ODD * (cursor.bucket + 1) + (item % ODD);
}

const isInPlace = ({ item, cursor }: Outcome): boolean =>
  item > 0 && item < ODD && Number(bucketOf(item)) === cursor.bucket;

function sum(outcomes: readonly Outcome[]): Counters {
  const added = zeroCounters();
  for (const outcome of outcomes) {
    added[outcome.counts]++;
    if (isItem(outcome)) added.source++;
    added.bytes += outcome.bytes ?? 0;
  }
  return added;
}

/** At most one point a second, at most {@link MAX_POINTS} in all. */
function putPoint(operation: OperationLedger, totals: TotalsRow): void {
  const seconds = Math.round((Date.now() - operation.row().startedAt) / 1000);
  if (seconds === totals.pointAt) return;
  totals.pointAt = seconds;
  const points = [...operation.points(), { seconds, items: totals.handled }];
  totals.points = [];
  operation.putPoints(points.length > MAX_POINTS ? points.filter((_, i) => i % 2 === 0) : points);
}
