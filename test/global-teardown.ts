/** Once after the tests: stops their Temporal server and removes its folder. */
import { rmSync } from 'node:fs';

import { takeRun } from './global-run';

export default async function teardown(): Promise<void> {
  const run = takeRun();
  if (!run) return;
  // First the guard: it would otherwise send a signal to a pid that is no longer the server's.
  process.kill(run.guardPid, 'SIGKILL');
  await run.server.stop();
  rmSync(run.dir, { recursive: true, force: true });
}
