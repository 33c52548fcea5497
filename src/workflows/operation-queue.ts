/**
 * The operation queue of a mail host: whoever wants to restore, export or scan asks here for the turn and gets it in
 * the order in which the server took the requests. It never ends; cancelling it has no effect.
 */
import {
  ActivityCancellationType,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  patched,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import { parseInput } from '../contracts/input';
import {
  isSameChain,
  operationQueueExample,
  operationQueueInput,
  turnOwner,
  type OperationQueueInput,
  type OperationQueueRequest,
  type StopAnswer,
  type TurnOwner,
} from '../contracts/operation-queue';
import { failureMessage, unwrapFailure } from './failure';
import { historyIsLong } from './history';
import { checkOwner, checkStop, checkStopAll, checkTurnRequest, MESSAGES, showQueue } from './queue-messages';
import { TurnGiver } from './queue-grant';
import { QueueState } from './queue-state';
import { HolderWatch } from './queue-watch';

const { stopOperations, explainStop } = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', maximumInterval: '5 seconds', maximumAttempts: 10 },
});

export async function operationQueue(raw: OperationQueueRequest): Promise<never> {
  const input = parseInput(operationQueueInput, raw, operationQueueExample);
  const collectUntil = Date.now() + input.collectSeconds * 1000;
  const queue = new Queue(input, new QueueState(input.carry, collectUntil));
  void CancellationScope.current().cancelRequested.catch(() =>
    log.warn('a request to cancel the operation queue is ignored: stop operations by doStopOperation'),
  );
  return CancellationScope.nonCancellable(() => queue.run());
}

class Queue {
  private readonly seesNewMoments = patched('queue-sees-new-moments');
  private readonly holder: HolderWatch;
  private readonly turn: TurnGiver;

  constructor(
    private readonly input: OperationQueueInput,
    private readonly state: QueueState,
  ) {
    this.holder = new HolderWatch(state, () => this.show());
    this.turn = new TurnGiver(state, input.carry?.left ?? []);
    this.receive();
  }

  async run(): Promise<never> {
    for (;;) {
      this.holder.follow();
      this.show();
      await this.untilThereIsWork();
      if (this.isLong()) await this.goOnAsNew();
      for (const late of this.overdue()) await this.explain(late);
      if (this.state.canGrant(Date.now())) await this.turn.give();
    }
  }

  private receive(): void {
    const { state } = this;
    setHandler(MESSAGES.requestTurn.update, (request) => this.shown(state.request(request, Date.now())), {
      validator: (request) => checkTurnRequest(state, request),
      description: MESSAGES.requestTurn.description,
    });
    setHandler(MESSAGES.turnEnded.signal, (raw) => this.ended(raw), {
      description: MESSAGES.turnEnded.description,
    });
    setHandler(MESSAGES.turnPlace.query, (raw) => state.place(checkOwner(raw)), {
      description: MESSAGES.turnPlace.description,
    });
    setHandler(MESSAGES.getAllOperations.query, () => state.list(), {
      description: MESSAGES.getAllOperations.description,
    });
    setHandler(
      MESSAGES.doStopOperation.update,
      ({ operationId, force }) => this.stop(operationId, force ?? false),
      {
        validator: (request) => checkStop(state, request),
        description: MESSAGES.doStopOperation.description,
      },
    );
    setHandler(MESSAGES.doStopAllOperations.update, (request) => this.stop(null, request?.force ?? false), {
      validator: checkStopAll,
      description: MESSAGES.doStopAllOperations.description,
    });
  }

  /** Whatever a person sends in the web interface must not stop the queue: what a handler throws would, for good. */
  private ended(raw: unknown): void {
    const owner = turnOwner.safeParse(raw);
    if (owner.success) this.shown(this.turn.takeBack(owner.data));
    else log.warn('a signal turnEnded that names no operation is ignored');
  }

  private shown<T>(answer: T): T {
    this.show();
    return answer;
  }

  private show(): void {
    showQueue(this.input.host, this.state);
  }

  private isLong(): boolean {
    return historyIsLong(this.input.continueAsNewAfterEvents);
  }

  private get stopTimeout(): number {
    return this.input.stopTimeoutSeconds * 1000;
  }

  private overdue(): TurnOwner[] {
    return this.state.overdue(Date.now());
  }

  private async untilThereIsWork(): Promise<void> {
    const { state } = this;
    const now = Date.now();
    const next = state.nextMoment(now);
    // a stop that is asked for meanwhile is due at a time of its own
    const isTooLate = (): boolean => this.seesNewMoments && state.nextMoment(Date.now()) !== next;
    const isThereWork = (): boolean =>
      this.isLong() ||
      this.holder.isBehind() ||
      state.canGrant(Date.now()) ||
      this.overdue().length > 0 ||
      isTooLate();
    if (next === null) await condition(isThereWork);
    else await condition(isThereWork, Math.max(1, next - now), { summary: 'until something is due' });
  }

  /** Only between two turns or while one is held: never while one is being given, or a handler is at work. */
  private async goOnAsNew(): Promise<never> {
    await condition(allHandlersFinished);
    return continueAsNew<typeof operationQueue>({
      ...this.input,
      collectSeconds: 0,
      carry: { ...this.state.carry(), left: this.turn.carry },
    });
  }

  /** Handlers run in the scope of the workflow, which a request to cancel the queue has cancelled. */
  private stop(operationId: string | null, force: boolean): Promise<StopAnswer> {
    return CancellationScope.nonCancellable(async () => {
      const { owners, marked } = this.state.askToStop(operationId, Date.now(), this.stopTimeout);
      this.show();
      // until it is known who was told
      let untold: readonly TurnOwner[] = owners;
      try {
        const answer = await stopOperations({ owners, force });
        for (const owner of answer.gone) this.state.leave(owner);
        // a history of an earlier release does not tell: there all were told
        untold = answer.untold ?? [];
        if (untold.length > 0)
          throw ApplicationFailure.nonRetryable(answer.failure ?? '', 'ServerUnreachable');
        return { stopping: owners.map((owner) => owner.operationId) };
      } catch (error) {
        const isUntold = (owner: TurnOwner): boolean => untold.some((one) => isSameChain(one, owner));
        // whoever was told ends; whoever was asked before is still to end
        this.state.takeBackStop(marked.filter(isUntold));
        throw unwrapFailure(error);
      } finally {
        this.show();
      }
    });
  }

  private async explain(owner: TurnOwner): Promise<void> {
    try {
      const cause = await explainStop(owner);
      if (cause === null) this.state.leave(owner);
      else this.state.explain(owner, cause, Date.now() + this.stopTimeout);
    } catch (error) {
      const cause = `it could not be asked why (${failureMessage(error)})`;
      this.state.explain(owner, cause, Date.now() + this.stopTimeout);
    }
  }
}
