/** How an operation gets the turn on its mail host, and gives it back. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  condition,
  ContinueAsNew,
  log,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { Ticket, TurnCarry, TurnOwner } from '../contracts/operation-queue';
import type { TurnAnswer } from '../activities/turn';
import { failureMessage } from './failure';
import { historyIsLong } from './history';
import { turnGrantedSignal } from './queue-messages';

const { requestTurn } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '10 seconds',
  // what was asked for must be known when the turn is given back
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // an operation waits for its queue for as long as it takes
  retry: { initialInterval: '1 second', maximumInterval: '5 seconds' },
});
const { endTurn } = proxyActivities<Activities>({
  startToCloseTimeout: '20 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', maximumInterval: '5 seconds', maximumAttempts: 20 },
});
/** Local: it takes no place of a step that works, and little history. */
const { askTurn } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '8 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { maximumAttempts: 1 },
});

/** What an operation that waits can tell. */
export interface Waiting {
  /** 1 is next. */
  readonly position: number;
  readonly queued: number;
  readonly waitsFor: string | null;
}

export interface TurnOptions {
  /** What people call it, such as `External Restore`. */
  readonly kind: string;
  /** From the run before this one. */
  readonly carry: TurnCarry | undefined;
  /** Called when the operation has to wait, and when its place has changed; null when it has the turn. */
  readonly onWaiting: (waiting: Waiting | null) => void;
  readonly continueAsNewAfterEvents: number | null;
  /** Continues the workflow as new while it waits. */
  readonly renew: (carry: TurnCarry) => Promise<never>;
}

/** The chain of runs that this one belongs to. */
export function thisOperation(): TurnOwner {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return { operationId: workflowId, firstRunId: firstExecutionRunId };
}

/**
 * The turn in which a child workflow works: that of an operation further up, which has it. Such a child asks for none
 * of its own, or it would wait for its parent for ever.
 *
 * @throws InvalidInput when the named operation is none of its ancestors: a turn is not to be had by its name
 */
export function turnOfAncestor(owner: TurnOwner): TurnOwner {
  const { operationId } = owner;
  const parent = workflowInfo().parent?.workflowId;
  // children are named after their parents, so the id of a parent names all that are further up
  if (parent === operationId || parent?.startsWith(`${operationId}/`)) return owner;
  throw ApplicationFailure.nonRetryable(
    `turnOf: ${operationId} is no parent of this workflow. Leave the field out.`,
    'InvalidInput',
  );
}

/**
 * Waits for the turn, runs `body`, gives the turn back. When `body` continues as new, the turn stays with the
 * operation: hand `carry` to the next run. Cancelled while it waits, it leaves the queue.
 */
export async function withTurn<T>(options: TurnOptions, body: (carry: TurnCarry) => Promise<T>): Promise<T> {
  const turn = new Turn(options);
  try {
    return await body({ ticket: await turn.wait(), held: true });
  } catch (error) {
    if (error instanceof ContinueAsNew) turn.keep();
    throw error;
  } finally {
    await turn.end();
  }
}

class Turn {
  private readonly owner = thisOperation();
  private grantedTo: Ticket | null = null;
  /** Announcements so far. One with another ticket comes from a queue that was reset: it is asked what it means. */
  private announced = 0;
  private kept = false;

  constructor(private readonly options: TurnOptions) {
    setHandler(turnGrantedSignal, (ticket) => this.granted(ticket), {
      description: 'From the operation queue; not for people.',
    });
  }

  private granted(ticket: Ticket | undefined): void {
    this.grantedTo = ticket ?? null;
    this.announced++;
  }

  async wait(): Promise<Ticket> {
    const { carry, continueAsNewAfterEvents, renew } = this.options;
    if (carry?.held) return carry.ticket;
    let answer = await this.request(carry?.ticket);
    while (answer.state === 'queued') {
      const { ticket, pollSeconds } = answer;
      if (answer.waitsFor !== null) this.options.onWaiting(answer);
      if (historyIsLong(continueAsNewAfterEvents)) await renew({ ticket, held: false });
      // not all at the same moment, and never later than promised
      const pause = pollSeconds * 1000 * (0.8 + 0.2 * Math.random());
      const before = this.announced;
      const isTold = (): boolean => this.isGranted(ticket) || this.announced > before;
      await condition(isTold, pause, { summary: 'until its turn' });
      if (this.isGranted(ticket)) break;
      answer = await this.lookAgain(answer);
    }
    this.options.onWaiting(null);
    return answer.ticket;
  }

  private request(ticket: Ticket | undefined): Promise<TurnAnswer> {
    return requestTurn({ owner: this.owner, kind: this.options.kind, ...(ticket ? { ticket } : {}) });
  }

  /** A signal of an earlier turn is none of this one. */
  private isGranted(ticket: Ticket): boolean {
    return this.grantedTo?.at === ticket.at && this.grantedTo.seq === ticket.seq;
  }

  private async lookAgain(before: TurnAnswer): Promise<TurnAnswer> {
    let found: TurnAnswer | 'unknown';
    try {
      found = await askTurn(this.owner);
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) throw error;
      log.info('the operation queue does not answer', { cause: failureMessage(error) });
      return before;
    }
    // the queue was lost: the place in the line is not
    return found === 'unknown' ? this.request(before.ticket) : found;
  }

  keep(): void {
    this.kept = true;
  }

  /** Also when it never had the turn: then it leaves the line. */
  async end(): Promise<void> {
    if (this.kept) return;
    try {
      await CancellationScope.nonCancellable(() => endTurn(this.owner));
    } catch (error) {
      // its end is noticed all the same
      log.warn('the turn could not be given back', { cause: failureMessage(error) });
    }
  }
}
