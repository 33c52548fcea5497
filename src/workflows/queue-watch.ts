/** The operation that has the turn is watched until it ends, however it ends. */
import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  log,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import { isSameChain, type TurnOwner } from '../contracts/operation-queue';
import type { QueueState } from './queue-state';

const { watchTurn } = proxyActivities<Activities>({
  heartbeatTimeout: '10 seconds',
  startToCloseTimeout: '12 hours',
  // nothing to clean up, and one that is not needed any more must not hold up the next turn
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});

export class HolderWatch {
  private watched: { owner: TurnOwner; scope: CancellationScope } | null = null;

  /** @param onEnd told when the one that was watched has ended, and has left the queue */
  constructor(
    private readonly state: QueueState,
    private readonly onEnd: () => void,
  ) {}

  /** Whether somebody else has the turn than the one that is watched. */
  isBehind(): boolean {
    const { current } = this.state;
    if (current === null) return this.watched !== null;
    return this.watched === null || !isSameChain(current, this.watched.owner);
  }

  follow(): void {
    if (!this.isBehind()) return;
    this.watched?.scope.cancel();
    this.watched = null;
    const owner = this.state.current;
    if (owner === null) return;
    const { operationId, firstRunId } = owner;
    const scope = new CancellationScope({ cancellable: true });
    this.watched = { owner, scope };
    scope
      .run(() => watchTurn({ operationId, firstRunId }))
      .then(
        () => {
          this.state.leave(owner);
          this.onEnd();
        },
        (error: unknown) => {
          if (isCancellation(error)) return;
          // not watched is not ended: it is watched anew, and keeps the turn
          log.error('the operation that has the turn could not be watched', { operationId, error });
          if (this.watched?.owner === owner) this.watched = null;
        },
      );
  }
}
