/**
 * Once before the tests that need more than a library: the build, and one Temporal server for all of them.
 * They find it by LIFEBOAT_TEST_ADDRESS; each uses task queues and workflow ids of its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startServer } from '../src/embedded/temporal-server';
import { shareRun } from './global-run';

/** LIFEBOAT_TEST_BUILT=1 says that dist/ is built already. */
function build(): void {
  if (process.env['LIFEBOAT_TEST_BUILT'] === '1') return;
  const { status } = spawnSync(process.execPath, [join(__dirname, '../scripts/build.mjs')], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('The build failed, so the tests of the built program cannot run.');
}

/**
 * Ends the server, and removes its folder, when this process has ended without its teardown (Ctrl-C, SIGKILL): the pipe closes, `read` ends.
 * In a session of its own, so that Ctrl-C does not end the guard first.
 */
function guard(serverPid: number, dir: string): number {
  const child = spawn(
    'sh',
    ['-c', 'read -r _; kill "$1"; sleep 3; rm -rf "$2"', 'guard', String(serverPid), dir],
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  if (child.pid === undefined) throw new Error('The guard of the test server could not be started.');
  child.unref();
  return child.pid;
}

export default async function setup(): Promise<void> {
  build();
  // the servers of the tests collect their garbage less often: an eighth less processor time, for a hundred megabytes
  process.env['GOGC'] ??= '400';
  const dir = mkdtempSync(join(tmpdir(), 'lifeboat-jest-'));
  const server = await startServer({
    dbFile: join(dir, 'temporal.db'),
    logFile: join(dir, 'temporal.log'),
    fast: true,
  });
  shareRun({ dir, server, guardPid: guard(server.process.pid, dir) });
  process.env['LIFEBOAT_TEST_ADDRESS'] = server.address;
}
