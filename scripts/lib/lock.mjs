/** One process at a time: two scripts started together must not write the same files. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import { say } from './report.mjs';

/**
 * Runs `body` while holding a kernel lock on the file, which also ends when this process is killed.
 *
 * flock(1) locks the open file that it inherits, not itself, so the lock stays when it has ended. Where there is no
 * flock (not Linux) the body runs unlocked: then only two set-ups at the very same time are at risk.
 */
export async function withLock(file, body) {
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, 'a');
  const flock = (...options) =>
    spawnSync('flock', [...options, '3'], { stdio: ['ignore', 'ignore', 'inherit', fd] });
  try {
    if (flock('-x', '-n').status === 1) {
      say('Waiting for another set-up to finish …');
      flock('-x');
    }
    return await body();
  } finally {
    closeSync(fd);
  }
}
