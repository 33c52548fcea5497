/** Runs the built program as users do: a process of its own, in an environment without traces of this one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const BIN = join(__dirname, '../../bin/lifeboat');
/** Needed to find the Temporal CLI that the set-up installed. */
const KEPT = ['HOME', 'PATH', 'TMPDIR', 'XDG_CACHE_HOME', 'TEMPORAL_CLI_PATH', 'LIFEBOAT_CACHE_DIR'];

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Copies between its own pipes and a terminal in which the command runs. */
const TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

/** In a terminal: what is written to the child's input is typed, and what is shown comes out of `stdout`. */
export function startInTerminal(args: readonly string[], env: Record<string, string>, cwd: string): Running {
  return launch('python3', ['-c', TERMINAL], args, { ...env, TERM: 'xterm' }, cwd);
}

export function start(args: readonly string[], env: Record<string, string>, cwd = '/'): Running {
  return launch('env', [], args, env, cwd);
}

function launch(
  program: string,
  before: readonly string[],
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Running {
  const kept = KEPT.map((name) => [name, process.env[name]] as const).filter(
    ([, value]) => value !== undefined,
  );
  const child = spawn(program, [...before, process.execPath, BIN, ...args], {
    cwd,
    env: { ...Object.fromEntries(kept), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

export function run(args: readonly string[], env: Record<string, string>, cwd?: string): Promise<Ended> {
  return start(args, env, cwd).ended;
}
