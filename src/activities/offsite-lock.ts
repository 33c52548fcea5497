/** One sync at a time to a destination, also between its steps, and by whichever worker of this machine. */
import { sleep } from '@temporalio/activity';
import { join } from 'node:path';
import type { Config } from '../config';
import { Problem } from '../failures';
import type { OperationName } from '../host/operation-dir';
import { WorkLock } from '../host/work-lock';
import type { HostWork } from './host-work';

const LOOK_EVERY_MS = 250;
/** Then the step fails and is tried again, so that people see why it waits. */
const WAIT_MS = 10_000;

export class OffsiteLocks {
  private readonly locks = new Map<string, WorkLock>();

  constructor(
    private readonly config: Pick<Config, 'lockDir'>,
    private readonly work: HostWork,
  ) {}

  /**
   * Runs `body` while no other operation writes to this copy.
   * @param onWaiting told once when there is something to wait for
   * @throws Problem `SyncRunning` when another has written all the while
   */
  async during<T>(
    name: string,
    operation: OperationName,
    onWaiting: (why: string) => void,
    body: () => Promise<T>,
  ): Promise<T> {
    const lock = this.lockOf(name);
    const { operationId, operationKey } = operation;
    const firstRunId = operationKey.slice(operationId.length + 1);
    const owner = this.work.ownerOf({ operationId, firstRunId }, { kind: 'Offsite sync' });
    const until = Date.now() + WAIT_MS;
    for (let looks = 0; ; looks++) {
      const leave = await lock.enter(owner, (other) => this.work.isAtWork(other));
      if (leave !== null) {
        try {
          return await body();
        } finally {
          leave();
        }
      }
      // looking who it is costs a walk over all processes
      if (looks === 0) onWaiting(obstacleOf(lock).message);
      if (Date.now() > until) throw obstacleOf(lock);
      await sleep(LOOK_EVERY_MS);
    }
  }

  private lockOf(name: string): WorkLock {
    const known = this.locks.get(name);
    if (known) return known;
    const lock = new WorkLock(join(this.config.lockDir, `offsite-${name}.lock`));
    this.locks.set(name, lock);
    return lock;
  }
}

function obstacleOf(lock: WorkLock): Problem {
  const { owner, pids } = lock.obstacle();
  const who = owner ? `the operation ${owner.operationId}` : `another operation (process ${pids.join(', ')})`;
  return new Problem('SyncRunning', `To this destination writes ${who}.`, { pids });
}
