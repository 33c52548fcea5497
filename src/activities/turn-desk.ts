/** Where an operation asks for the turn on its host: an update of the queue, which is made when there is none. */
import { ApplicationFailure, cancellationSignal, getClient, log } from '@temporalio/activity';
import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import type { Config } from '../config';
import {
  queueIdOf,
  type AllOperations,
  type Ticket,
  type TurnOwner,
  type TurnPlace,
  type TurnRequest,
} from '../contracts/operation-queue';
import { explain, FAILURES, isFailureType } from '../failures';
import { OneByOne } from '../host/one-by-one';
import type { operationQueue } from '../workflows';
import { GOING_ON } from './chain';

const UPDATE_WITHIN_MS = 20_000;
/** A queue that has ended is replayed for its answer; when nobody can, there is none. */
const LAST_ANSWER_WITHIN_MS = 5_000;
/** So many looks a second, all together, at the most: those that wait must not slow the one that works. */
const LOOKS_PER_SECOND = 5;

/** After how long one of so many that wait looks again, seconds. */
export const lookEverySeconds = (config: Pick<Config, 'queuePollSeconds'>, waiting: number): number =>
  Math.max(config.queuePollSeconds, Math.ceil(waiting / LOOKS_PER_SECOND));

export interface TurnWish {
  readonly owner: TurnOwner;
  /** What people call the operation. */
  readonly kind: string;
  /** Given before by a queue that was lost. */
  readonly ticket?: Ticket;
}
export type DeskConfig = Pick<Config, 'host' | 'queuePollSeconds'>;

export class TurnDesk {
  /** The server takes ten updates at a time, and lets the eleventh wait without a word. */
  private readonly updates = new OneByOne();

  constructor(private readonly config: DeskConfig) {}

  /** Asked again, it is the same place. */
  async request({ owner, kind, ticket }: TurnWish): Promise<TurnPlace> {
    const client = getClient();
    const signal = cancellationSignal();
    const request: TurnRequest = {
      ...owner,
      kind,
      startedBy: await startedBy(client, owner),
      pollSeconds: this.config.queuePollSeconds,
      ...(ticket ? { ticket } : {}),
    };
    const place = this.updates.run(() => {
      // when its place comes the attempt may be over: then a later one asks, or nobody wants the turn any more
      signal.throwIfAborted();
      return ask(client, this.config, request);
    });
    return place.catch(asProblem);
  }
}

async function ask(client: Client, config: DeskConfig, request: TurnRequest): Promise<TurnPlace> {
  const queueId = queueIdOf(config.host);
  const lost = await waitingInLostQueue(client, queueId);
  const collectSeconds = lost === null ? 0 : 2 * lookEverySeconds(config, lost);
  const start = new WithStartWorkflowOperation<typeof operationQueue>('operationQueue', {
    workflowId: queueId,
    taskQueue: queueId,
    args: [{ host: config.host, collectSeconds }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Operations on ${config.host}, one at a time`,
  });
  return client.withDeadline(Date.now() + UPDATE_WITHIN_MS, () =>
    client.workflow.executeUpdateWithStart<typeof operationQueue, TurnPlace, [TurnRequest]>('requestTurn', {
      args: [request],
      startWorkflowOperation: start,
    }),
  );
}

/** What the queue refuses it says in the failure below that of the update. */
function asProblem(error: unknown): never {
  const { cause } = error as Error;
  if (!(error instanceof WorkflowUpdateFailedError) || !(cause instanceof ApplicationFailure)) throw error;
  const { type, message } = cause;
  throw ApplicationFailure.create({
    ...(type ? { type } : {}),
    message: type === 'QueueFull' ? explain(type, message) : message,
    nonRetryable: cause.nonRetryable === true || (isFailureType(type) && !FAILURES[type].retryable),
    cause,
  });
}

/**
 * How many operations may come back from a queue that was ended, as far as it can tell; null when there never was one.
 * One that runs may be gone before it is asked.
 */
async function waitingInLostQueue(client: Client, queueId: string): Promise<number | null> {
  const handle = client.workflow.getHandle(queueId);
  try {
    const { status } = await handle.describe();
    if (GOING_ON.has(status.name)) return 0;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
  try {
    const { operations } = await client.withDeadline(Date.now() + LAST_ANSWER_WITHIN_MS, () =>
      handle.query<AllOperations>('getAllOperations'),
    );
    return operations.length;
  } catch (error) {
    log.warn('the queue that was ended does not tell how many waited', { error });
    return 0;
  }
}

/** As the client called itself that started the operation; empty when that is not known any more. */
async function startedBy(client: Client, { operationId, firstRunId }: TurnOwner): Promise<string> {
  try {
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId: operationId, runId: firstRunId },
      maximumPageSize: 1,
    });
    return history?.events?.[0]?.workflowExecutionStartedEventAttributes?.identity?.slice(0, 500) ?? '';
  } catch (error) {
    // only for people to read: no reason not to get in line
    if ((error as { code?: unknown }).code === 5) return '';
    throw error;
  }
}
