/**
 * Who uses the embedded server of a state folder: one empty file each, `users/<pid>-<start time>-<n>`. Files, not a
 * counter, because a user that is killed cannot count itself down; its file names a process that is no more.
 * Only called under the lock of the state folder.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Problem } from '../failures';
import { isAlive, myIdentity } from '../host/process-identity';

const NAME = /^(\d+)-(\d+)-\d+$/;

/** One process may join more than once. */
let joined = 0;

function folder(stateDir: string): string {
  return join(stateDir, 'users');
}

/** Registers this process; returns the name to unregister. @throws Problem `StateUnavailable` */
export function addUser(stateDir: string): string {
  const { pid, startTime } = myIdentity();
  const name = `${pid}-${startTime}-${++joined}`;
  try {
    mkdirSync(folder(stateDir), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder(stateDir), name), '', { mode: 0o600 });
  } catch (error) {
    throw new Problem('StateUnavailable', `${folder(stateDir)} cannot be written.`, {}, { cause: error });
  }
  return name;
}

export function removeUser(stateDir: string, name: string): void {
  rmSync(join(folder(stateDir), name), { force: true });
}

/** How many users are alive. Forgets the others. */
export function countUsers(stateDir: string): number {
  let alive = 0;
  for (const name of readdirSync(folder(stateDir))) {
    const [, pid, startTime] = NAME.exec(name) ?? [];
    if (pid !== undefined && startTime !== undefined && isAlive({ pid: Number(pid), startTime })) alive++;
    else removeUser(stateDir, name);
  }
  return alive;
}
