/** How the operation queue gives the turn: first on the host's disk, then in what it knows, then by telling the operation. */
import {
  ActivityCancellationType,
  getExternalWorkflowHandle,
  log,
  patched,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import { isSameChain, type QueueEntry, type TurnOwner } from '../contracts/operation-queue';
import { failureMessage } from './failure';
import { turnGrantedSignal } from './queue-messages';
import type { QueueState } from './queue-state';

const { grantTurn } = proxyActivities<Activities>({
  heartbeatTimeout: '10 seconds',
  startToCloseTimeout: '12 hours',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});
export class TurnGiver {
  private isGiving = false;
  private readonly seesWhoLeft = patched('queue-sees-who-left-meanwhile');

  /**
   * @param left operations that gave their turn back while the record of the host may name them. They may go on for
   *   days without a turn: it would keep the others out till then
   */
  constructor(
    private readonly state: QueueState,
    private left: TurnOwner[],
  ) {}

  /** For the next run. */
  get carry(): TurnOwner[] {
    return this.left;
  }

  /** It gave its turn back, or its place in the line. */
  takeBack(owner: TurnOwner): void {
    const { current } = this.state;
    if (this.isGiving || (current && isSameChain(current, owner))) this.left.push(owner);
    this.state.leave(owner);
  }

  async give(): Promise<void> {
    const { state } = this;
    // the first look answers at once, so that people see what is waited for; the second one waits for it
    const wait = state.blockedBy !== null;
    const left = this.left;
    this.left = [];
    this.isGiving = true;
    const answer = await grantTurn({ candidates: state.candidates(), wait, left });
    this.isGiving = false;
    for (const owner of answer.dead) state.leave(owner);
    if (answer.outcome === 'busy') {
      state.blockedBy = answer.reason;
      this.left = [...left, ...this.left];
      return;
    }
    state.blockedBy = null;
    if (answer.outcome === 'held' && !this.hasLeft(answer.holder)) state.adopt(answer.holder);
    if (answer.outcome === 'granted') await this.announce(state.granted(answer.owner, Date.now()));
  }

  /** While the turn was given: the next look clears the record. */
  private hasLeft(owner: TurnOwner): boolean {
    return this.seesWhoLeft && this.left.some((one) => isSameChain(one, owner));
  }

  /** @param holder null when it left meanwhile */
  private async announce(holder: QueueEntry | null): Promise<void> {
    if (holder === null) return;
    try {
      await getExternalWorkflowHandle(holder.operationId).signal(turnGrantedSignal, holder.ticket);
    } catch (error) {
      // it has ended; whoever watches it finds out
      log.info('the turn could not be announced', {
        operationId: holder.operationId,
        cause: failureMessage(error),
      });
    }
  }
}
