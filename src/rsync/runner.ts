/** Runs rsync: a process group of its own that ends with us, without a terminal to ask anything on. */
import { spawn, type ChildProcess } from 'node:child_process';
import { Problem } from '../failures';
import type { RsyncEnd } from './exit-codes';

/** After SIGTERM rsync moves what it has into the partial folder; one that hangs in a system call gets SIGKILL. */
const TERM_GRACE_MS = 5_000;
const STDERR_LIMIT = 16 * 1024;
/** A line of a hostile store, escaped: names have at most 4,096 bytes. */
const LINE_LIMIT = 64 * 1024;

export interface RunHooks {
  /** Ends it: SIGTERM to the group, SIGKILL when that does not help. */
  readonly signal: AbortSignal;
  /** Told once, of the process that sends or fetches. */
  readonly onStart?: (pid: number) => void;
  /** Each line of standard output; bytes that are no ASCII are escaped by rsync. */
  readonly onLine?: (line: string) => void;
}

/** What a child may see of our environment: no proxy, no password, no rsync option that somebody set for themselves. */
const PASSED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'TMPDIR'];

/**
 * Returns when the process and its output have ended, whatever became of it (exit-codes.ts).
 * @throws Problem `RsyncMissing`
 */
export async function runRsync(
  args: readonly string[],
  { signal, onStart, onLine }: RunHooks,
): Promise<RsyncEnd> {
  if (signal.aborted) return { code: null, signal: 'SIGTERM', stderr: '', cancelled: true };
  // setpriv lets the kernel end rsync when we are killed, so that no orphan writes beside the next attempt
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', 'rsync', ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  const lines = onLine ? new Lines(onLine) : null;
  let stderr = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => lines?.take(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  let timer: NodeJS.Timeout | undefined;
  let cancelled = false;
  const stop = (): void => {
    cancelled = true;
    signalGroup(child, 'SIGTERM');
    timer = setTimeout(() => signalGroup(child, 'SIGKILL'), TERM_GRACE_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [code, killedBy] = await ended(child);
    lines?.end();
    if (code === 127 && /setpriv: failed to execute/.test(stderr)) throw missing('rsync');
    // it had come to its end when we asked
    const done = code === 0 || code === 24;
    return { code, signal: killedBy, stderr, cancelled: cancelled && !done };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

function environment(): NodeJS.ProcessEnv {
  const passed = PASSED.map((name) => [name, process.env[name]] as const);
  // an empty password instead of a question to somebody who is not there; --password-file overrides it
  return {
    ...Object.fromEntries(passed.filter(([, value]) => value !== undefined)),
    LC_ALL: 'C',
    RSYNC_PASSWORD: '',
  };
}

function ended(child: ChildProcess): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? missing('setpriv', error) : error),
    );
    child.once('close', (code, signal) => resolve([code, signal]));
  });
}

const missing = (program: string, cause?: unknown): Problem =>
  new Problem('RsyncMissing', `The program ${program} is not on this machine.`, {}, { cause });

function signalGroup({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ESRCH';
    if (!gone && exitCode === null && signalCode === null) throw error;
  }
}

/** rsync ends lines by CR while it shows progress. */
class Lines {
  private rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  take(text: string): void {
    const parts = (this.rest + text).split(/[\r\n]/);
    this.rest = (parts.pop() ?? '').slice(0, LINE_LIMIT);
    for (const part of parts) if (part !== '') this.onLine(part);
  }

  end(): void {
    if (this.rest !== '') this.onLine(this.rest);
  }
}
