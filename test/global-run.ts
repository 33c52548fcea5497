/** What the global set-up of the tests hands to their teardown. Both run in one process, in separate module caches. */
import type { TemporalServer } from '../src/embedded/temporal-server';

export interface TestRun {
  /** Temporary folder with the database and the log of the server. */
  readonly dir: string;
  readonly server: TemporalServer;
  readonly guardPid: number;
}

const KEY = Symbol.for('lifeboat.test-run');
const shared = globalThis as { [KEY]?: TestRun };

export function shareRun(run: TestRun): void {
  shared[KEY] = run;
}

export function takeRun(): TestRun | undefined {
  const run = shared[KEY];
  delete shared[KEY];
  return run;
}
