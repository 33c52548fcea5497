/** The second half of a batch: what happened, the counters and the cursor, in one durable transaction. */
import type { AccountLedger } from '../ledger/account-ledger';
import type { WorkRow } from '../ledger/model';
import type { OperationLedger } from '../ledger/operation-ledger';
import { addCounters, zeroCounters, type Counters, type ProgressPoint } from '../report/model';
import { isItem, type Outcome } from './outcome';

/** Points of the chart; when there are more, every second one is dropped. */
const MAX_POINTS = 240;

export interface Batch {
  readonly operation: OperationLedger;
  readonly seq: number;
  readonly ledger: AccountLedger;
  readonly outcomes: readonly Outcome[];
  readonly notes: readonly { item: number; text: string }[];
  /** The account is done with this batch. */
  readonly done: boolean;
}

/** @returns the work row as it is now */
export function recordBatch(batch: Batch): WorkRow {
  const { operation, seq, ledger, outcomes } = batch;
  const added = sum(outcomes);
  return ledger.write(() => {
    const work = operation.work(seq);
    for (const outcome of outcomes) recordOutcome(batch, outcome);
    for (const note of batch.notes) operation.putNote(seq, note);
    addCounters(work.counters, added);
    work.cursor = outcomes.at(-1)?.cursor ?? work.cursor;
    work.done = batch.done;
    operation.putWork(seq, work);
    const totals = operation.totals();
    addCounters(totals.counters, added);
    totals.handled += outcomes.length;
    if (batch.done) totals.accountsDone++;
    totals.points = withPoint(totals.points, operation.row().startedAt, totals.handled);
    operation.putTotals(totals);
    return work;
  });
}

function recordOutcome({ operation, seq, ledger }: Batch, outcome: Outcome): void {
  const { item } = outcome;
  if (outcome.ledger === 'delivered') ledger.markDone(item, operation.number);
  else if (outcome.ledger) {
    ledger.match(outcome.ledger.matched);
    ledger.markDone(item, 0);
  }
  if (outcome.dropIntent) ledger.dropIntent(item);
  // a folder that cannot be listed has no item id: its findings are told apart by where the walk was
  if (outcome.finding) operation.putFinding(seq, item || outcome.cursor.bucket + 2 ** 39, outcome.finding);
  if (outcome.note) operation.putNote(seq, { item, text: outcome.note });
  if (outcome.mountpoint) operation.putMountpoint(seq, outcome.mountpoint);
}

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
function withPoint(points: ProgressPoint[], startedAt: number, items: number): ProgressPoint[] {
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  if (points.at(-1)?.seconds === seconds) points.pop();
  points.push({ seconds, items });
  return points.length > MAX_POINTS ? points.filter((_, i) => i % 2 === 1) : points;
}
