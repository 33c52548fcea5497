/** How often a step of rsync is tried again, by what it ended with. */
import { ApplicationFailure, sleep } from '@temporalio/workflow';
import { unwrapFailure } from './failure';

/** What this decides; the server does not try these again by itself. */
export const OURS_TO_RETRY = ['SyncInterrupted', 'SyncIncomplete', 'DestinationFull'];

const LONGEST_PAUSE = 300;
/** A step that went well for so long has had a good line. */
const GOOD_RUN_MS = 600_000;
/** So often a good line begins the count of failures anew: each attempt is kept in the history, which has an end. */
const GOOD_RUNS = 50;
/** With the longest pause between two: a week. */
const SPACE_TRIES = (7 * 86_400) / LONGEST_PAUSE;

export interface Patience {
  /** How often a step is tried whose line fails. */
  readonly attempts: number;
  /** Told why it waits, and null when it goes on. */
  readonly waits: (why: string | null) => void;
}

/**
 * The line or the other side failed: again, with growing pauses. Something could not be read or written: once more. No
 * space: again, for a week.
 */
export async function patiently<T>({ attempts, waits }: Patience, body: () => Promise<T>): Promise<T> {
  const pauses = new Pauses(attempts);
  for (;;) {
    const startedAt = Date.now();
    try {
      return await body();
    } catch (error) {
      const failure = unwrapFailure(error);
      if (!(failure instanceof ApplicationFailure) || !isOurs(failure.type)) throw error;
      const pause = pauses.after(failure.type, Date.now() - startedAt);
      if (pause === null) throw error;
      waits(failure.message);
      await sleep(pause * 1000);
      waits(null);
    }
  }
}

type Retried = 'SyncInterrupted' | 'SyncIncomplete' | 'DestinationFull';

const isOurs = (type: unknown): type is Retried => typeof type === 'string' && OURS_TO_RETRY.includes(type);

export class Pauses {
  private readonly tries = { SyncInterrupted: 0, SyncIncomplete: 0, DestinationFull: 0 };
  private goodRuns = 0;

  constructor(private readonly attempts: number) {}

  /** Seconds; null: not again. @param lasted of the attempt that failed, milliseconds, with the time it waited for a worker */
  after(type: Retried, lasted: number): number | null {
    if (lasted > GOOD_RUN_MS && ++this.goodRuns <= GOOD_RUNS) this.tries.SyncInterrupted = 0;
    const tries = ++this.tries[type];
    const pause = Math.min(LONGEST_PAUSE, 2 ** Math.min(tries - 1, 10));
    if (type === 'SyncIncomplete') return tries < 2 ? 5 : null;
    return tries < (type === 'DestinationFull' ? SPACE_TRIES : this.attempts) ? pause : null;
  }
}
