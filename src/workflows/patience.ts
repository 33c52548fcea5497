/** How often a step of rsync is tried again, by what it ended with. */
import { ApplicationFailure, sleep } from '@temporalio/workflow';
import { unwrapFailure } from './failure';

/** What this decides; the server does not try these again by itself. */
export const OURS_TO_RETRY = ['SyncInterrupted', 'SyncIncomplete', 'DestinationFull'];

const LONGEST_PAUSE = 300;
const SPACE_PAUSE = 60;
/** A step that went well for so long has had a good line. */
const GOOD_RUN_MS = 600_000;

export interface Patience {
  /** How often a step is tried whose line fails. */
  readonly attempts: number;
  /** Told why it waits, and null when it goes on. */
  readonly waits: (why: string | null) => void;
}

/**
 * The line or the other side failed: again, with growing pauses. Something could not be read or written: once more. No
 * space: for as long as it takes.
 */
export async function patiently<T>({ attempts, waits }: Patience, body: () => Promise<T>): Promise<T> {
  const tries = { SyncInterrupted: 0, SyncIncomplete: 0, DestinationFull: 0 };
  for (;;) {
    const startedAt = Date.now();
    try {
      return await body();
    } catch (error) {
      const failure = unwrapFailure(error);
      if (!(failure instanceof ApplicationFailure) || !isOurs(failure.type)) throw error;
      if (Date.now() - startedAt > GOOD_RUN_MS) tries.SyncInterrupted = 0;
      const pause = pauseAfter(failure.type, ++tries[failure.type], attempts);
      if (pause === null) throw error;
      waits(failure.message);
      await sleep(pause * 1000);
      waits(null);
    }
  }
}

const isOurs = (type: unknown): type is 'SyncInterrupted' | 'SyncIncomplete' | 'DestinationFull' =>
  typeof type === 'string' && OURS_TO_RETRY.includes(type);

/** Seconds; null: not again. */
function pauseAfter(type: string, tries: number, attempts: number): number | null {
  if (type === 'DestinationFull') return Math.min(SPACE_PAUSE, 2 ** tries);
  if (type === 'SyncIncomplete') return tries < 2 ? 5 : null;
  return tries < attempts ? Math.min(LONGEST_PAUSE, 2 ** Math.min(tries - 1, 10)) : null;
}
