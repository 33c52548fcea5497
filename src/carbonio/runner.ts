/** The one place that runs commands of the mail host. */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { Problem } from '../failures';
import { commandArguments, showCommand, type Argument, type HostCommand } from './command-line';
import { excerpt } from './parse/excerpt';
import { HostUser } from './host-user';

/** What pino has, as far as it is used here. */
export interface HostLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RunOptions {
  /** Milliseconds; then SIGTERM to the process group, and SIGKILL after the grace. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Looks at each new state of stdout; true ends the command, and its result is what it wrote so far. */
  readonly enough?: (stdout: string) => boolean;
  /** Bytes of each stream. Default 16 MiB; more is a failure. */
  readonly outputLimit?: number;
}

export interface RunResult {
  /** We ended it, because `enough` said so; its status means nothing then. */
  readonly cut: boolean;
  /** Exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface RunnerOptions {
  readonly log: HostLog;
  /** User to run as when this process is root; empty or our own: no switching. */
  readonly user: string;
  /**
   * An open file on which a lock is held just now, or null: commands get it as their standard input, so that the lock
   * lasts until they have ended, also those that outlive this process. Standard input is the one file that sudo,
   * runuser and shells leave open. It must be empty.
   */
  readonly lock?: () => number | null;
  /** Between SIGTERM and SIGKILL, and for what still has the output open after the end. Default 5,000. */
  readonly graceMs?: number;
}

const OUTPUT_LIMIT = 16 * 1024 * 1024;
/** Of ours, what a command may see: the rest may hold secrets, and other users can read it there. */
const ENVIRONMENT = ['HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK'];

type Why = 'timeout' | 'aborted' | 'too much output' | 'output left open' | 'enough';

export class Runner {
  private readonly user: HostUser;

  constructor(private readonly options: RunnerOptions) {
    this.user = new HostUser(options.user, (command, args) =>
      this.execute(command, args, { timeoutMs: 30_000 }),
    );
  }

  /**
   * Runs a command to its end; it reads nothing (stdin is empty). Any exit status is a result.
   * @throws Problem `InvalidInput` for arguments that cannot be passed, `CommandMissing`, `CommandTimeout`,
   * `CommandInterrupted` when a signal that is not ours ended it, `UnknownOutput` for more output than the limit and
   * for output left open; the reason of `signal` when that was aborted. It has ended then.
   */
  async run(command: HostCommand, args: readonly Argument[], options: RunOptions): Promise<RunResult> {
    options.signal?.throwIfAborted();
    // checked before the prefix is put before it, whose words are ours
    commandArguments(command, args);
    return this.execute(await this.user.wrap(command), args, options);
  }

  private async execute(
    command: HostCommand,
    args: readonly Argument[],
    options: RunOptions,
  ): Promise<RunResult> {
    const shown = showCommand(command, args);
    const started = performance.now();
    const elapsed = () => Math.round(performance.now() - started);
    try {
      const { why, ...result } = await this.collect(command, args, options);
      const run: RunResult = { ...result, cut: why === 'enough', durationMs: elapsed() };
      this.options.log.debug(
        { command: shown, code: run.code, signal: run.signal, ms: run.durationMs },
        'ran',
      );
      judge(why, shown, run, options);
      return run;
    } catch (error) {
      this.options.log.warn({ command: shown, ms: elapsed(), error: String(error) }, 'a command failed');
      throw error;
    }
  }

  private async collect(
    command: HostCommand,
    args: readonly Argument[],
    { timeoutMs, signal, enough, outputLimit = OUTPUT_LIMIT }: RunOptions,
  ): Promise<Omit<RunResult, 'durationMs' | 'cut'> & { why: Why | undefined }> {
    const { graceMs = 5_000 } = this.options;
    const child = start(command, commandArguments(command, args), this.options.lock?.() ?? 'ignore');
    // not there when the process has no descriptors left; the error event says so
    const streams = [child.stdout, child.stderr].filter((stream) => stream !== null && stream !== undefined);
    const timers: NodeJS.Timeout[] = [];
    const later = (ms: number, body: () => void) => timers.push(setTimeout(body, ms));
    let why: Why | undefined;
    const end = (cause: Why): void => {
      if (why !== undefined) return;
      why = cause;
      kill(child, 'SIGTERM');
      later(graceMs, () => kill(child, 'SIGKILL'));
      // what has left the group may still hold the pipes; it is not waited for
      later(2 * graceMs, () => streams.forEach((stream) => stream.destroy()));
    };
    const abort = () => end('aborted');
    const output = streams.map((stream, i) => {
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > outputLimit) return end('too much output');
        chunks.push(chunk);
        if (i === 0 && why === undefined && enough?.(Buffer.concat(chunks).toString('utf8'))) end('enough');
      });
      return () => Buffer.concat(chunks).toString('utf8');
    });
    later(timeoutMs, () => end('timeout'));
    signal?.addEventListener('abort', abort, { once: true });
    child.once('exit', () => later(graceMs, () => end('output left open')));
    try {
      const [code, by] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
        child.once('error', (error) => reject(notStarted(command, error)));
        child.once('close', (...ended) => resolve(ended));
      });
      return { code, signal: by, stdout: output[0]?.() ?? '', stderr: output[1]?.() ?? '', why };
    } finally {
      timers.forEach(clearTimeout);
      signal?.removeEventListener('abort', abort);
      if (why !== undefined) kill(child, 'SIGKILL');
    }
  }
}

function start(command: HostCommand, args: string[], stdin: number | 'ignore'): ChildProcess {
  try {
    return spawn(command.program, args, {
      // a group of its own, so that what it starts is ended with it
      detached: true,
      stdio: [stdin, 'pipe', 'pipe'],
      env: environment(),
    });
  } catch (error) {
    throw notStarted(command, error as Error);
  }
}

function judge(why: Why | undefined, shown: string, run: RunResult, { timeoutMs, signal }: RunOptions): void {
  const details = { command: shown, stdout: excerpt(run.stdout), stderr: excerpt(run.stderr) };
  switch (why) {
    case 'timeout':
      throw new Problem('CommandTimeout', `${shown} did not end within ${timeoutMs / 1000} s.`, details);
    case 'aborted':
      throw signal?.reason;
    case 'too much output':
    case 'output left open':
      throw new Problem('UnknownOutput', `${shown}: ${why}.`, details);
    case 'enough':
      return;
    case undefined:
      break;
  }
  // by convention of shells, runuser, env and ssh; sudo has only words for it
  if (run.code === 127 || /^sudo: .*: command not found$/m.test(run.stderr.slice(0, 4096))) {
    throw new Problem('CommandMissing', `A program of this command is not there: ${shown}.`, details);
  }
  // runuser and sudo turn the signal that ended their command into 128 and its number
  const killed = [constants.signals.SIGKILL, constants.signals.SIGTERM].some((n) => run.code === 128 + n);
  if (run.signal !== null || killed) {
    const by = run.signal ?? `status ${run.code}`;
    throw new Problem('CommandInterrupted', `${shown} was ended from outside (${by}).`, details);
  }
}

function environment(): NodeJS.ProcessEnv {
  const given = ENVIRONMENT.map((name) => [name, process.env[name]] as const);
  const path = `/opt/zextras/bin:${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}`;
  return { ...Object.fromEntries(given.filter(([, value]) => value !== undefined)), PATH: path };
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ESRCH: all of it has ended. EPERM: what is left of the group runs as another user, whom only its parent reaches.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

function notStarted({ program }: HostCommand, cause: Error): Problem {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') {
    const what = code === 'EACCES' ? 'may not be run' : 'is not there';
    return new Problem('CommandMissing', `The program ${program} ${what}.`, { program }, { cause });
  }
  return new Problem('Unexpected', `The program ${program} could not be started (${code}).`, {}, { cause });
}
