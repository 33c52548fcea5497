import { getPriority, setPriority } from 'node:os';

/**
 * Niceness of threads that restore: that of `nice(1)`. Where others want all cores a tenth of one is left to each thread,
 * which is still more than a Carbonio can take from it (it takes 60 to 170 messages/s, mail-server reference).
 */
const NICENESS = 10;

/**
 * Lets everything else that runs here go first: a mail server that people use while it is filled, and the worker's own
 * heartbeats. Where there is room it costs nothing; into a server on the same machine a restore is even faster so, because
 * the server is never kept waiting for a core (docs/performance.md).
 *
 * On Linux a niceness belongs to the thread that calls. It is never made less than it was: only root may.
 */
export function giveWay(): void {
  if (getPriority() < NICENESS) setPriority(NICENESS);
}
