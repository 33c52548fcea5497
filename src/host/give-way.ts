import { getPriority, platform, setPriority } from 'node:os';

/** That of `nice(1)`. Against one other that wants the same core a thread gets a tenth of it. */
const NICENESS = 10;

/**
 * Lets what else runs in this process go first, above all the worker's heartbeats; and everything on the machine that the
 * kernel weighs against this process: the same session or control group, so hardly another service (docs/running.md says
 * how a whole worker gives way). Where there is room it costs nothing.
 *
 * On Linux a niceness belongs to the thread that calls; elsewhere it would be the whole process, so nothing is done. It is
 * never made less than it was, which only root may.
 */
export function giveWay(): void {
  if (platform() !== 'linux') return;
  try {
    if (getPriority() < NICENESS) setPriority(NICENESS);
  } catch {
    // a service may be forbidden to (seccomp): it works all the same
  }
}
