/**
 * Which process a number means. A pid alone is no name: after the process has ended, the kernel gives its number to
 * another. With the start time it is one. Linux only (/proc), like everything that manages the embedded server.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the machine's boot, as the kernel prints it. */
  readonly startTime: string;
}

const ZOMBIE = 'Z';

/** The process that has this pid now; undefined when there is none, or only the remains of one (a zombie). */
export function identify(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (hasEnded(error)) return undefined;
    throw error;
  }
  // The second field is the name in parentheses; it may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  if (startTime === undefined) throw new Error(`/proc/${pid}/stat has no start time: ${stat}`);
  return state === ZOMBIE && threads(pid) < 2 ? undefined : { pid, startTime };
}

/** ESRCH: it ended between open and read. */
function hasEnded(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH';
}

/** A killed process is a zombie while other threads of it are still ending, and hold its files and locks. */
function threads(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch (error) {
    if (hasEnded(error)) return 0;
    throw error;
  }
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startTime === process.startTime;
}

/** This very process. */
export function myIdentity(): ProcessIdentity {
  const me = identify(process.pid);
  if (me === undefined) throw new Error(`/proc/${process.pid}/stat is missing: is /proc mounted?`);
  return me;
}

/** Sends a signal to exactly this process; does nothing when it has ended. */
export function signal(target: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function ended(target: ProcessIdentity, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (isAlive(target)) {
    if (Date.now() > until) return false;
    await sleep(25);
  }
  return true;
}

/**
 * Ends a process, ours or not: SIGTERM, and SIGKILL when it is still there after `graceMs`.
 * Returns when it has ended.
 */
export async function endProcess(target: ProcessIdentity, graceMs = 10_000): Promise<void> {
  signal(target, 'SIGTERM');
  if (await ended(target, graceMs)) return;
  signal(target, 'SIGKILL');
  if (await ended(target, graceMs)) return;
  throw new Error(`Process ${target.pid} cannot be ended: it hangs in the kernel.`);
}
