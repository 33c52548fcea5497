/** Activities of the operation queue itself: give the turn, see when it ends, stop operations. */
import { cancellationSignal, getClient, sleep } from '@temporalio/activity';
import {
  WorkflowContinuedAsNewError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import { taskQueueIsServed } from '../client/task-queue';
import { isSameChain, type TurnOwner } from '../contracts/operation-queue';
import { Problem } from '../failures';
import type { LockOwner } from '../host/lock-record';
import { isSameOwner } from '../host/work-lock';
import { beating } from './beating';
import { findRunning, isRunning } from './chain';
import { toFailure } from './failure';
import { describeObstacle, type HostWork } from './host-work';

export interface Candidate extends TurnOwner {
  readonly kind: string;
  readonly startedBy: string;
  /** False for one that was asked to stop: it is only looked at. */
  readonly eligible: boolean;
}

export interface GrantRequest {
  readonly candidates: readonly Candidate[];
  /** Wait until the machine is free; else it is answered at once that it is not. */
  readonly wait: boolean;
  /** Operations that want no turn any more: that they are on record counts for nothing. */
  readonly left?: readonly TurnOwner[];
}

export type GrantOutcome =
  | { readonly outcome: 'granted'; readonly owner: TurnOwner }
  /** The record of this host says that this one has the turn, and it runs. */
  | { readonly outcome: 'held'; readonly holder: LockOwner }
  | { readonly outcome: 'busy'; readonly reason: string }
  /** None of the candidates is alive and wants it. */
  | { readonly outcome: 'none' };
/** `dead`: candidates that have ended. */
export type GrantAnswer = GrantOutcome & { readonly dead: readonly TurnOwner[] };

const LOOK_EVERY_MS = 250;
/** The queue has other things to see to in between. */
const WAIT_MS = 20_000;
const STOPPED_AT_ONCE = 10;
const STOP_TRIES = 6;
const STOP_AGAIN_MS = 1_000;

export interface StopOutcome {
  readonly gone: readonly TurnOwner[];
  readonly untold?: readonly TurnOwner[];
  readonly failure?: string | null;
}

export function createQueueActivities(work: HostWork) {
  /** Null when another operation works on this machine just now. */
  const decide = async (
    { candidates, left = [] }: GrantRequest,
    dead: TurnOwner[],
  ): Promise<GrantOutcome | null> => {
    const hasLeft = (one: LockOwner): boolean => left.some((owner) => isSameOwner(one, work.ownerOf(owner)));
    const record = work.lock.record.read();
    const held = record && !hasLeft(record) && (await work.isAtWork(record)) ? record : null;
    if (held) {
      const asked = candidates.find((one) => isSameChain(one, held));
      return asked ? { outcome: 'granted', owner: ownerOf(asked) } : { outcome: 'held', holder: held };
    }
    return work.lock.whenIdle(async () => {
      const before = work.lock.record.read();
      if (before && hasLeft(before)) work.lock.record.clear();
      for (const candidate of candidates) {
        const owner = ownerOf(candidate);
        if (!(await isRunning(getClient(), owner))) dead.push(owner);
        else if (candidate.eligible) {
          work.lock.record.write(work.ownerOf(owner, candidate));
          return { outcome: 'granted', owner };
        }
      }
      return { outcome: 'none' };
    });
  };

  return {
    /**
     * Gives the turn to the first candidate that lives, by writing it into the record of this host.
     */
    async grantTurn(input: GrantRequest): Promise<GrantAnswer> {
      return beating(async () => {
        const until = Date.now() + WAIT_MS;
        try {
          for (;;) {
            const dead: TurnOwner[] = [];
            const outcome = await decide(input, dead);
            if (outcome) return { ...outcome, dead };
            if (!input.wait || Date.now() > until || dead.length > 0) {
              return { outcome: 'busy', reason: describeObstacle(work.lock.obstacle()), dead };
            }
            await sleep(LOOK_EVERY_MS);
          }
        } catch (error) {
          throw error instanceof Problem ? toFailure(error) : error;
        }
      });
    },

    /** Returns when this operation has ended, however it ended. Resets and continue-as-new are no end. */
    async watchTurn(owner: TurnOwner): Promise<void> {
      const client = getClient();
      await beating(async () => {
        for (;;) {
          const running = await findRunning(client, owner);
          if (!running) return;
          await closed(client, owner.operationId, running.runId);
        }
      });
    },

    /**
     * Cancels (or terminates) operations. `gone`: those that are no more; `untold`: those that could not be told, and
     * why the last of them could not.
     */
    async stopOperations(input: { owners: readonly TurnOwner[]; force: boolean }): Promise<StopOutcome> {
      return beating(async () => {
        const gone: TurnOwner[] = [];
        let untold = input.owners;
        let failure: string | null = null;
        for (let tries = 0; untold.length > 0 && tries < STOP_TRIES; tries++) {
          if (tries > 0) await sleep(STOP_AGAIN_MS);
          const failed: TurnOwner[] = [];
          for (let from = 0; from < untold.length; from += STOPPED_AT_ONCE) {
            const some = untold.slice(from, from + STOPPED_AT_ONCE);
            const ends = await Promise.allSettled(some.map((owner) => stopOne(owner, input.force)));
            ends.forEach((end, at) => {
              const owner = some[at] as TurnOwner;
              // one that cannot be told keeps nobody else running
              if (end.status === 'rejected') {
                failed.push(owner);
                failure = `${owner.operationId} could not be asked to end: ${messageOf(end.reason)}`;
              } else if (end.value) gone.push(owner);
            });
          }
          untold = failed;
        }
        return { gone, untold, failure };
      });
    },

    /** Why an operation that was asked to stop has not ended; null when it has. */
    async explainStop(owner: TurnOwner): Promise<string | null> {
      const client = getClient();
      const running = await findRunning(client, owner);
      if (!running) return null;
      if (!(await taskQueueIsServed(client, running.taskQueue))) {
        return `no worker serves its task queue ${running.taskQueue}`;
      }
      const [pending] = running.raw.pendingActivities ?? [];
      const step = pending?.activityType?.name;
      const failure = pending?.lastFailure?.message;
      if (failure) return failure;
      return step ? `its step ${step} has not ended` : 'it has not answered yet';
    },
  };
}

const ownerOf = ({ operationId, firstRunId }: TurnOwner): TurnOwner => ({ operationId, firstRunId });

/** What the server says, which its client wraps. */
const messageOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
};

/** Answers whether it is no more. */
async function stopOne({ operationId, firstRunId }: TurnOwner, force: boolean): Promise<boolean> {
  const handle = getClient().workflow.getHandle(operationId, undefined, { firstExecutionRunId: firstRunId });
  try {
    if (force) await handle.terminate('stopped by force');
    else await handle.cancel();
    return force;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}

/** Waits for the end of one run. */
async function closed(client: Client, operationId: string, runId: string): Promise<void> {
  try {
    await client.withAbortSignal(cancellationSignal(), () =>
      client.workflow.result(operationId, runId, { followRuns: false }),
    );
  } catch (error) {
    const ended = [WorkflowFailedError, WorkflowContinuedAsNewError, WorkflowNotFoundError];
    if (!ended.some((kind) => error instanceof kind)) throw error;
  }
}
