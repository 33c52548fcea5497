/** Runs child processes: arguments as arrays, exit codes and signals passed through. */
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

import { root } from './paths.mjs';

/**
 * Runs a command on this terminal and waits for it.
 *
 * Ctrl-C reaches the child from the terminal itself; a signal sent to this process alone is passed on. Either way
 * this process waits, so that the child can clean up and its exit code counts.
 *
 * @returns the exit code; 128 + the signal's number when a signal ended the child, as shells count.
 */
export async function run(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
  const interrupted = () => {
    // From a terminal the whole foreground group already has the signal; a second one would mean "now".
    if (!process.stdin.isTTY) child.kill('SIGINT');
  };
  const terminated = () => child.kill('SIGTERM');
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', terminated);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
    });
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', terminated);
  }
}

/** Runs this Node on a script. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** Runs a short command and collects what it printed. `missing` says that there is no such command. */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', ...options });
  const missing = result.error?.code === 'ENOENT';
  if (result.error && !missing) throw result.error;
  return {
    missing,
    ok: result.status === 0,
    code: result.status,
    output: `${result.stdout ?? ''}${result.stderr ?? ''}`.trim(),
  };
}

/** The last lines of a tool's output, for an error message. */
export function tail(output, lines = 4) {
  return output.split('\n').slice(-lines).join('\n');
}
