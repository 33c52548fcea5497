/** Heartbeats of an activity while it works. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { toFailure } from './failure';

/** How often a step is said to live, milliseconds. Well below the shortest heartbeat timeout. */
const HEARTBEAT_EVERY = 500;

/** Heartbeats while `body` runs, with what it last told. */
export async function beating<P, T>(body: (tell: (details: P) => void) => Promise<T>): Promise<T> {
  let latest: P | null = null;
  heartbeat(latest);
  const timer = setInterval(() => heartbeat(latest), HEARTBEAT_EVERY);
  try {
    return await body((details) => {
      latest = details;
    });
  } finally {
    clearInterval(timer);
  }
}

/** A step of its own: heartbeats, and its problems are failures; once it is cancelled that is all it says. */
export async function acting<T>(
  body: (tell: (what: string) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return beating<string, T>(async (tell) => {
    const signal = cancellationSignal();
    try {
      return await body(tell, signal);
    } catch (error) {
      if (error instanceof CancelledFailure || signal.aborted) throw new CancelledFailure('cancelled');
      throw toFailure(error);
    }
  });
}
