/** An operation of the backup module. */

/** How an operation ended; the order is that of the exit codes of `--sync`, which are documented. */
export const RESULTS = ['Successful', 'Failed', 'Stopped', 'Removed', 'Interrupted'] as const;
export type Result = (typeof RESULTS)[number];

/** Documented: Queued, Started, Stopping. */
export type State = 'Queued' | 'Started' | 'Stopping';

export type Stats = readonly (readonly [label: string, value: string])[];

export interface Operation {
  readonly id: string;
  /** `SmartScan` is documented; the other names are synthetic. */
  readonly name: string;
  readonly descName: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly queuedTime: number;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly state: State | Result;
  /** What `monitor` shows. */
  readonly stats: Stats;
}

/** What a work says when it is done. */
export interface Outcome {
  readonly stats: Stats;
  /** By address: items that were not restored. */
  readonly unrestored?: ReadonlyMap<string, readonly number[]>;
}

export interface WorkContext {
  readonly operation: Operation;
  /** Aborts when the operation is stopped. */
  readonly signal: AbortSignal;
  readonly progress: (stats: Stats) => void;
  /** A point where faults happen; throws `Vanished`. */
  reach(point: 'phase1' | 'items'): Promise<void>;
  /** The same, for a moment in the middle of work: only a crash can happen. */
  passing(point: 'items'): void;
  notify(what: string, stats: Stats): void;
}

/** What is queued. */
export interface Work {
  readonly name: string;
  readonly descName: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Purges wait for each other only; everything else is one FIFO. */
  readonly line: 'backup' | 'purge';
  run(context: WorkContext): Promise<Outcome>;
}

/** A fault took the operation away. */
export class Vanished extends Error {}
