/** Heartbeats of an activity while it works. */
import { heartbeat } from '@temporalio/activity';

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
