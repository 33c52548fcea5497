/**
 * Locks that die with their holder.
 *
 * A lock file that merely exists outlives a process that is killed, and whoever finds it must guess. A kernel lock
 * does not. Node cannot ask for one, but flock(1) can: it locks the *open file* that it inherits from us, then ends,
 * and the lock stays for as long as some process has that open file. Nothing else inherits it, because Node opens
 * files close-on-exec; except a child to which the descriptor is handed on purpose, which then holds the lock itself.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';

import { Problem } from '../failures';
import { identify, type ProcessIdentity } from './process-identity';

export interface FileLock {
  /** Hand it to a child in `stdio` to let the child hold the lock too. */
  readonly fd: number;
  /** Lets go of it here; a child that has it still holds it. */
  release(): void;
}

const CONFLICT = 75;

/**
 * Takes the lock on a file, which is made if need be (mode 0600) and never removed.
 *
 * @param waitSeconds how long to wait for its holder; 0 does not wait.
 * @returns undefined when another process held it all the while.
 * @throws Problem `StateUnavailable` when the file cannot be made.
 */
export async function lockFile(file: string, waitSeconds: number): Promise<FileLock | undefined> {
  const fd = openLockFile(file);
  let locked = false;
  try {
    locked = await lockOpenFile(fd, 'exclusive', waitSeconds);
  } finally {
    if (!locked) closeSync(fd);
  }
  return locked ? { fd, release: () => closeSync(fd) } : undefined;
}

/** @throws Problem `StateUnavailable` when the file cannot be made or written */
export function openLockFile(file: string): number {
  try {
    // readable too: a child may get it as its (empty) standard input
    return openSync(file, 'a+', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Problem('StateUnavailable', `${file} cannot be written (${code}).`, {}, { cause: error });
  }
}

/**
 * Locks an open file, or changes the lock that it has: shared by several, or held by one alone. Closing it unlocks.
 *
 * @param waitSeconds 0 does not wait
 * @returns false when others held it all the while; a lock that it had before may be lost then
 */
export async function lockOpenFile(
  fd: number,
  mode: 'shared' | 'exclusive',
  waitSeconds: number,
): Promise<boolean> {
  const wait = waitSeconds > 0 ? ['-w', String(waitSeconds)] : ['-n'];
  const code = await flock([mode === 'shared' ? '-s' : '-x', '-E', String(CONFLICT), ...wait, '3'], fd);
  if (code !== 0 && code !== CONFLICT) throw new Error(`flock failed with exit code ${code}.`);
  return code === 0;
}

function flock(args: string[], fd: number): Promise<number | null> {
  const child = spawn('flock', args, { stdio: ['ignore', 'ignore', 'ignore', fd] });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(
        new Problem('StateUnavailable', 'The program flock (package util-linux) is missing.', {}, { cause }),
      );
    });
    child.once('exit', resolve);
  });
}

/** The processes, other than this one, that have the file open, as far as this user may see. */
export function processesWithOpen(file: string): ProcessIdentity[] {
  if (!existsSync(file)) return [];
  const path = realpathSync(file);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && hasOpen(name, path))
    .map((name) => identify(Number(name)))
    .filter((found) => found !== undefined);
}

function hasOpen(pid: string, path: string): boolean {
  const dir = `/proc/${pid}/fd`;
  try {
    return readdirSync(dir).some((fd) => readlinkSync(`${dir}/${fd}`) === path);
  } catch {
    // It has ended, closed the file meanwhile, or belongs to somebody else: not ours to see.
    return false;
  }
}
