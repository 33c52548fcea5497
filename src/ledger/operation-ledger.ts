/** What one operation has to do and has done: its work list, counters, findings. */
import { START } from '../backup-path/walk';
import {
  COUNTER_NAMES,
  zeroCounters,
  type Counters,
  type Finding,
  type Note,
  type ProgressPoint,
} from '../report/model';
import { transaction, type LedgerDatabases } from './env';
import { detailKey, workKey, within } from './keys';
import type { LaneRow, OperationRow, Suspect, TotalsRow, WorkRow } from './model';

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
    return transaction(this.db, body);
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

  /** Of the chart. Apart from the totals, which every batch reads and writes. */
  points(): readonly ProgressPoint[] {
    const points = this.db.meta.get(pointsKey(this.number)) as ProgressPoint[] | undefined;
    return points ?? this.totals().points;
  }

  /** Inside a transaction. */
  putPoints(points: readonly ProgressPoint[]): void {
    this.db.meta.putSync(pointsKey(this.number), points);
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

  lane(lane: number): LaneRow {
    const row = this.db.lanes.get(workKey(this.number, lane)) as LaneRow | undefined;
    return row ?? { seq: null, suspects: [], trouble: null, believed: [] };
  }

  /** Inside a transaction. */
  putLane(lane: number, row: LaneRow): void {
    this.db.lanes.putSync(workKey(this.number, lane), row);
  }

  /**
   * The account that this lane works on: the one it had and did not finish, else the next free one. Null when
   * nothing is left. Lanes are numbered; two attempts of one lane get the same account and the epoch decides.
   */
  claim(lane: number): number | null {
    return this.transaction(() => {
      const row = this.lane(lane);
      if (row.seq !== null && !this.work(row.seq).done) return row.seq;
      const totals = this.totals();
      const reopened = totals.reopened.shift();
      const fresh = totals.nextSeq < this.row().accounts ? totals.nextSeq : undefined;
      const seq = reopened ?? fresh ?? totals.postponed?.shift();
      if (seq === undefined) return null;
      if (reopened === undefined && fresh !== undefined) totals.nextSeq++;
      this.putTotals(totals);
      this.putLane(lane, { ...row, seq });
      return seq;
    });
  }

  /** Puts the account of a lane behind all others; false when there are no others. */
  postpone(lane: number, seq: number): boolean {
    return this.transaction(() => {
      const totals = this.totals();
      if (totals.reopened.length === 0 && totals.nextSeq >= this.row().accounts) return false;
      this.putTotals({ ...totals, postponed: [...(totals.postponed ?? []), seq] });
      this.putLane(lane, { ...this.lane(lane), seq: null });
      return true;
    });
  }

  /** Behind those that were put behind all others; when there are none it stays. */
  takeTurns(lane: number, seq: number): void {
    this.transaction(() => {
      const totals = this.totals();
      if (!totals.postponed?.length) return;
      this.putTotals({ ...totals, postponed: [...totals.postponed, seq] });
      this.putLane(lane, { ...this.lane(lane), seq: null });
    });
  }

  /** Inside a transaction. */
  putFinding(seq: number, key: number, finding: Finding): void {
    this.db.findings.putSync(detailKey(this.number, seq, key), finding);
  }

  /** Inside a transaction: takes back what was recorded while it was uncertain. */
  takeBack({ seq, before, findings }: Suspect): void {
    const work = this.work(seq);
    const totals = this.totals();
    totals.handled -= handledIn(work.counters) - handledIn(before.counters);
    for (const name of COUNTER_NAMES) totals.counters[name] -= work.counters[name] - before.counters[name];
    if (work.done) {
      totals.accountsDone--;
      totals.reopened.push(seq);
    }
    this.putTotals(totals);
    this.putWork(seq, { ...work, ...before, done: false });
    for (const key of findings) this.db.findings.removeSync(detailKey(this.number, seq, key));
  }

  /** Inside a transaction: an account that was begun is restored from its beginning. `why` becomes a note of it. */
  startAgain(seq: number, why: string): void {
    const { cursor } = this.work(seq);
    if (cursor.bucket === START.bucket && cursor.item === START.item) return;
    this.takeBack({ seq, before: { cursor: START, counters: zeroCounters() }, findings: [] });
    const { start, end } = within(workKey(this.number, seq));
    for (const key of [...this.db.findings.getKeys({ start, end })]) this.db.findings.removeSync(key);
    this.putNote(seq, { item: 0, text: why });
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

  /** Inside a transaction. What is said of the account itself (item 0) comes behind what was said of it before. */
  putNote(seq: number, { item, text }: Note): void {
    const key = detailKey(this.number, seq, item);
    const before = item === 0 ? (this.db.notes.get(key) as Note | undefined)?.text : undefined;
    if (before?.includes(text)) return;
    this.db.notes.putSync(key, { item, text: before === undefined ? text : `${before} ${text}` });
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
const pointsKey = (operation: number): string => `points:${operation}`;

/** Metadata files of all types. */
export const handledIn = ({ source, folders, tags, mountpoints }: Counters): number =>
  source + folders + tags + mountpoints;

function freshTotals(): TotalsRow {
  return {
    counters: zeroCounters(),
    handled: 0,
    accountsDone: 0,
    reopened: [],
    nextSeq: 0,
    points: [],
    extrasNext: 0,
  };
}
