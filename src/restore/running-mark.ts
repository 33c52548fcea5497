/** A mark beside the report for each lane while it works: one that is still there is of an attempt that died. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RunningMark {
  /** The attempt before this one ended without a word: its worker or its machine died, or hangs. */
  readonly interrupted: boolean;
  /** This one has ended, well or not. */
  end(): void;
}

export function markRunning(reportDir: string, lane: number): RunningMark {
  const path = join(reportDir, `.lane-${lane}.running`);
  const interrupted = !create(path);
  return { interrupted, end: () => rmSync(path, { force: true }) };
}

/** The report does not depend on it: where it cannot be written, nothing is told. */
function create(path: string): boolean {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}
