/** The lock under which steps work for an operation: one on the machine, one in the target. */
import { getClient, log, sleep } from '@temporalio/activity';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config';
import type { TurnOwner } from '../contracts/operation-queue';
import { Problem } from '../failures';
import type { LockOwner } from '../host/lock-record';
import { OnHost } from '../host/on-host';
import { WorkLock, type IsAtWork, type Obstacle } from '../host/work-lock';
import { isRunning } from './chain';
import { TurnDesk, type DeskConfig } from './turn-desk';

const LOOK_EVERY_MS = 250;
/** Then the step fails and is tried again, so that people see why it waits. */
const WAIT_MS = 15_000;

export class HostWork {
  readonly lock: WorkLock;
  readonly desk: TurnDesk;
  /** What works on the mail host itself, if this is one. */
  readonly onHost: OnHost;
  /** Waits for what another operation has left working there. */
  waitForOrphan: (owner: LockOwner, onWaiting: (why: string) => void) => Promise<void> = async () =>
    undefined;
  private readonly targets = new Map<string, WorkLock>();

  /** @param realm id of the Temporal namespace that this worker serves */
  constructor(
    config: DeskConfig & Pick<Config, 'lockDir'>,
    readonly realm: string,
  ) {
    this.desk = new TurnDesk(config);
    makeFolder(config.lockDir);
    this.lock = new WorkLock(join(config.lockDir, `${config.host}.lock`));
    this.onHost = new OnHost(join(config.lockDir, `${config.host}.on-host.json`));
  }

  ownerOf(turn: TurnOwner, more: Partial<LockOwner> = {}): LockOwner {
    const { operationId, firstRunId } = turn;
    return {
      realm: this.realm,
      operationId,
      firstRunId,
      kind: '',
      startedBy: '',
      since: Date.now(),
      ...more,
    };
  }

  /**
   * Runs `body` while no other operation works on this machine, nor on the target whose lock is named.
   *
   * @param onWaiting told once when there is something to wait for
   * @throws Problem `HostBusy` when another operation has worked all the while
   */
  async during<T>(
    turn: TurnOwner & { readonly kind: string },
    targetLock: string | null,
    onWaiting: (why: string) => void,
    body: () => Promise<T>,
  ): Promise<T> {
    const { operationId, firstRunId, kind } = turn;
    const owner = this.ownerOf(turn, { kind });
    const leaveHost = await this.enter(this.lock, owner, (other) => this.isAtWork(other), onWaiting).catch(
      async (error: unknown) => {
        // its turn may be over (it was reset to a time when it had it): then it gets in line, and comes in later
        if (error instanceof Problem && error.type === 'HostBusy') {
          await this.desk.request({ owner: { operationId, firstRunId }, kind }).catch((cause: unknown) => {
            // the next attempt asks again; what it waits for matters more
            log.warn('the operation could not get in line', { operationId, cause });
          });
        }
        throw error;
      },
    );
    try {
      await this.waitForOrphan(owner, onWaiting);
      if (targetLock === null) return await body();
      // who works for another server cannot be asked: there the kernel's lock alone decides
      const lock = this.targetLock(targetLock);
      const leaveTarget = await this.enter(lock, owner, async () => false, onWaiting).catch(asTargets);
      try {
        return await body();
      } finally {
        leaveTarget();
      }
    } finally {
      leaveHost();
    }
  }

  private async enter(
    lock: WorkLock,
    owner: LockOwner,
    isAtWork: IsAtWork,
    onWaiting: (why: string) => void,
  ): Promise<() => void> {
    const until = Date.now() + WAIT_MS;
    for (let looks = 0; ; looks++) {
      const leave = await lock.enter(owner, isAtWork);
      if (leave) return leave;
      if (Date.now() > until) throw new Problem('HostBusy', describeObstacle(lock.obstacle()));
      // looking who it is costs a walk over all processes
      if (looks === 0) onWaiting(describeObstacle(lock.obstacle()));
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Whether the operation on record has the turn and only pauses just now. */
  async isAtWork(other: LockOwner): Promise<boolean> {
    if (other.realm !== this.realm) return false;
    try {
      return await isRunning(getClient(), other);
    } catch (error) {
      const what = `The Temporal server could not be asked about ${other.operationId} (${(error as Error).message}).`;
      throw new Problem('ServerUnreachable', what, {}, { cause: error });
    }
  }

  private targetLock(file: string): WorkLock {
    const known = this.targets.get(file);
    if (known) return known;
    const lock = new WorkLock(file);
    this.targets.set(file, lock);
    return lock;
  }
}

export function describeObstacle({ owner, pids }: Obstacle): string {
  const who = owner ? `the operation ${owner.operationId}` : 'another operation';
  const processes = pids.length === 0 ? '' : ` (process ${pids.join(', ')})`;
  return `This host is at work for ${who}${processes}.`;
}

/** A lock that cannot be written in the target is a trouble of the target. */
function asTargets(error: unknown): never {
  if (!(error instanceof Problem) || error.type !== 'StateUnavailable') throw error;
  const full = /\((ENOSPC|EDQUOT)\)/.test(error.message);
  throw new Problem(full ? 'TargetFull' : 'TargetUnavailable', error.message, error.details, {
    cause: error,
  });
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Problem('StateUnavailable', `The folder of locks ${dir} cannot be made.`, {}, { cause: error });
  }
}
