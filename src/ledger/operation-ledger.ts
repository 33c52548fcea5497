/** What one operation has to do and has done: its work list, counters, findings. */
import { START } from '../backup-path/walk';
import { COUNTER_NAMES, zeroCounters, type Finding, type Note } from '../report/model';
import type { LedgerDatabases } from './env';
import { detailKey, workKey, within } from './keys';
import type { OperationRow, TotalsRow, WorkRow } from './model';

export interface Mountpoint {
  readonly itemId: number;
  readonly folder: number;
  readonly name: string | null;
}

export class OperationLedger {
  constructor(
    private readonly db: LedgerDatabases,
    readonly number: number,
  ) {}

  transaction<T>(body: () => T): T {
    return this.db.root.transactionSync(body);
  }

  row(): OperationRow {
    return this.db.meta.get(rowKey(this.number)) as OperationRow;
  }

  update(change: Partial<OperationRow>): void {
    this.transaction(() => this.db.meta.putSync(rowKey(this.number), { ...this.row(), ...change }));
  }

  totals(): TotalsRow {
    return (this.db.meta.get(totalsKey(this.number)) as TotalsRow | undefined) ?? freshTotals();
  }

  /** Inside a transaction. */
  putTotals(totals: TotalsRow): void {
    this.db.meta.putSync(totalsKey(this.number), totals);
  }

  /** Writes the work list, once: a second plan of the same operation changes nothing. */
  plan(work: readonly WorkRow[], notes: readonly string[]): void {
    this.transaction(() => {
      const row = this.row();
      if (row.planned) return;
      work.forEach((entry, seq) => this.putWork(seq, entry));
      const files = work.reduce((sum, entry) => sum + entry.files, 0);
      this.db.meta.putSync(rowKey(this.number), {
        ...row,
        accounts: work.length,
        files,
        planned: true,
        notes: [...row.notes, ...notes],
      });
      this.putTotals(freshTotals());
    });
  }

  work(seq: number): WorkRow {
    return this.db.work.get(workKey(this.number, seq)) as WorkRow;
  }

  putWork(seq: number, row: WorkRow): void {
    this.db.work.putSync(workKey(this.number, seq), row);
  }

  *allWork(from = 0): Generator<[seq: number, row: WorkRow]> {
    const { accounts } = this.row();
    for (let seq = from; seq < accounts; seq++) yield [seq, this.work(seq)];
  }

  /**
   * The account that this lane works on: the one it had and did not finish, else the next free one. Null when
   * nothing is left. Lanes are numbered; two attempts of one lane get the same account and the epoch decides.
   */
  claim(lane: number): number | null {
    return this.transaction(() => {
      const key = workKey(this.number, lane);
      const current = this.db.lanes.get(key);
      if (current !== undefined && !this.work(current).done) return current;
      const totals = this.totals();
      const reopened = totals.reopened.shift();
      const seq = reopened ?? totals.nextSeq;
      if (reopened === undefined) {
        if (seq >= this.row().accounts) return null;
        totals.nextSeq++;
      }
      this.putTotals(totals);
      this.db.lanes.putSync(key, seq);
      return seq;
    });
  }

  /** Inside a transaction. */
  putFinding(seq: number, key: number, finding: Finding): void {
    this.db.findings.putSync(detailKey(this.number, seq, key), finding);
  }

  /** Inside a transaction: an account that was done is done again, from its start, and its findings are forgotten. */
  reopen(seq: number): void {
    const work = this.work(seq);
    const totals = this.totals();
    for (const name of COUNTER_NAMES) totals.counters[name] -= work.counters[name];
    const { source, folders, tags, mountpoints } = work.counters;
    totals.handled -= source + folders + tags + mountpoints;
    if (work.done) totals.accountsDone--;
    if (!totals.reopened.includes(seq)) totals.reopened.push(seq);
    this.putTotals(totals);
    this.putWork(seq, { ...work, cursor: START, counters: zeroCounters(), done: false });
    for (const key of [...this.db.findings.getKeys(within(workKey(this.number, seq)))])
      this.db.findings.removeSync(key);
  }

  *findings(seq: number): Generator<Finding> {
    for (const { value } of this.db.findings.getRange(within(workKey(this.number, seq))))
      yield value as Finding;
  }

  *allFindings(): Generator<Finding> {
    const start = workKey(this.number, 0);
    for (const { value } of this.db.findings.getRange({ start, end: workKey(this.number + 1, 0) }))
      yield value as Finding;
  }

  /** Inside a transaction. */
  putNote(seq: number, note: Note): void {
    this.db.notes.putSync(detailKey(this.number, seq, note.item), note);
  }

  *notes(seq: number): Generator<Note> {
    for (const { value } of this.db.notes.getRange(within(workKey(this.number, seq)))) yield value as Note;
  }

  /** Inside a transaction. */
  putMountpoint(seq: number, mountpoint: Mountpoint): void {
    this.db.mountpoints.putSync(detailKey(this.number, seq, mountpoint.itemId), mountpoint);
  }

  mountpoints(seq: number): Mountpoint[] {
    return [...this.db.mountpoints.getRange(within(workKey(this.number, seq)))].map(
      ({ value }) => value as Mountpoint,
    );
  }
}

export const rowKey = (operation: number): string => `operation:${operation}`;
const totalsKey = (operation: number): string => `totals:${operation}`;

function freshTotals(): TotalsRow {
  return {
    counters: zeroCounters(),
    handled: 0,
    accountsDone: 0,
    reopened: [],
    nextSeq: 0,
    points: [],
    trouble: null,
    believed: [],
    extrasNext: 0,
  };
}
