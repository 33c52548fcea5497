/** The operation queue of a host, as a command sees it. */
import {
  ApplicationFailure,
  Client,
  QueryRejectedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { findRunning, GOING_ON } from '../activities/chain';
import {
  queueIdOf,
  type AllOperations,
  type ListedOperation,
  type StopAnswer,
} from '../contracts/operation-queue';
import { CommandError } from './errors';
import { isPassing, isUnanswered } from './grpc';
import { findOperation, listOperations, RESTORE_TYPE } from './operations';
import type { Link } from './server';
import { queryStatus, snapshotOf, type Snapshot } from './snapshot';

export interface QueuedOperation extends ListedOperation {
  /** Of the one that works; null when it cannot be asked. */
  readonly progress: Snapshot | null;
}

const ANSWER_WITHIN_MS = 4_000;
/** Longer than an update takes, shorter than the patience of somebody whose server is down. */
const STOP_WITHIN_MS = 8_000;
/** Thousands may wait. */
const STOP_ALL_WITHIN_MS = 300_000;
const AT_ONCE = 10;

/**
 * What works and what waits, in order; empty while the host has no queue.
 * @throws CommandError `NoWorker` when the queue cannot be asked
 */
export async function readQueue(link: Link, host: string): Promise<QueuedOperation[]> {
  const operations = (await askQueue(link, host)) ?? (await askServer(link));
  const found: QueuedOperation[] = [];
  for (let from = 0; from < operations.length; from += AT_ONCE) {
    const some = operations.slice(from, from + AT_ONCE);
    const looked = await Promise.all(some.map((one) => lookAt(link.client, one)));
    found.push(...looked.filter((one) => one !== null));
  }
  // one that was terminated while it waited counts only until the queue comes to it
  let position = 0;
  return found.map((one) => ({ ...one, position: one.startedAt === null ? ++position : 0 }));
}

/** As the queue itself knows it; null when it was ended from outside, and knows nothing. */
export async function askQueue(
  { client, place }: Link,
  host: string,
): Promise<readonly ListedOperation[] | null> {
  const { connection } = client;
  const strict = new Client({
    connection,
    namespace: place.namespace,
    workflow: { queryRejectCondition: 'NOT_OPEN' },
  });
  try {
    const { operations } = await strict.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      strict.workflow.getHandle(queueIdOf(host)).query<AllOperations>('getAllOperations'),
    );
    return operations;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    if (error instanceof QueryRejectedError) return null;
    if (isUnanswered(error) || (isPassing(error) && (await isThere(client)))) throw noWorker(host, error);
    throw error;
  }
}

/** A query that a killed worker had in hands fails as if the server were away ("buffered query cleared"), and it is not. */
async function isThere(client: Client): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => client.workflowService.getSystemInfo({}));
    return true;
  } catch (error) {
    if (isPassing(error)) return false;
    throw error;
  }
}

/**
 * The queue was ended from outside, and whoever waits has not come back yet: what runs, as the server lists it. It may
 * be a moment behind, and knows of no host.
 */
async function askServer(link: Link): Promise<ListedOperation[]> {
  const running = (await listOperations(link, 0, [RESTORE_TYPE])).filter(({ status }) =>
    GOING_ON.has(status.name),
  );
  const found = await Promise.all(
    running.map(async ({ workflowId, startTime }): Promise<ListedOperation | null> => {
      const described = await link.client.workflow.getHandle(workflowId).describe();
      const status = await queryStatus(link.client, workflowId);
      const at = startTime.toISOString();
      return {
        id: workflowId,
        firstRunId: described.raw.workflowExecutionInfo?.firstRunId || described.runId,
        kind: 'External Restore',
        state: status?.queue ? 'queued' : 'running',
        position: 0,
        queuedAt: at,
        startedAt: status?.queue ? null : at,
        startedBy: '',
      };
    }),
  );
  return found
    .filter((one) => one !== null)
    .sort(
      (a, b) =>
        Number(a.startedAt === null) - Number(b.startedAt === null) || (a.queuedAt < b.queuedAt ? -1 : 1),
    );
}

const noWorker = (host: string, cause: unknown): CommandError =>
  new CommandError(
    'NoWorker',
    `The operation queue of ${host} does not answer: no worker serves this host. Start one with \`lifeboat worker\` ` +
      `(LIFEBOAT_HOST=${host}); \`lifeboat status\` lists what runs.`,
    { cause },
  );

/** Which operations are this host's only its queue knows: others must not be stopped in their place. */
const queueLost = (host: string): CommandError =>
  new CommandError(
    'QueueLost',
    `The operation queue of ${host} was ended from outside, and knows nothing. Those that wait register again within ` +
      'a minute; until then stop each by its id (`lifeboat status` lists them).',
  );

/** Null when it has ended meanwhile. */
async function lookAt(client: Client, one: ListedOperation): Promise<QueuedOperation | null> {
  const { id } = one;
  const running = await findRunning(client, { operationId: id, firstRunId: one.firstRunId });
  if (!running) return null;
  // asked to end by another way than the queue
  const cancelling = running.raw.workflowExtendedInfo?.cancelRequested ?? false;
  const state = cancelling ? 'stopping' : one.state;
  if (one.startedAt === null || running.type !== RESTORE_TYPE) return { ...one, state, progress: null };
  return { ...one, state, progress: await snapshotOf(client, running, await queryStatus(client, id)) };
}

/**
 * Asks an operation to end, or all (null); with `force` it is terminated. Answers which.
 * @throws CommandError `OperationNotFound` that names those that exist
 */
export async function stopOperations(
  link: Link,
  host: string,
  operationId: string | null,
  force: boolean,
): Promise<readonly string[]> {
  const { client } = link;
  // one that is away is told from one that has much to do
  if (operationId === null && (await askQueue(link, host)) === null) throw queueLost(host);
  const queue = client.workflow.getHandle(queueIdOf(host));
  try {
    const { stopping } = await client.withDeadline(
      Date.now() + (operationId === null ? STOP_ALL_WITHIN_MS : STOP_WITHIN_MS),
      () =>
        operationId === null
          ? queue.executeUpdate<StopAnswer, [object]>('doStopAllOperations', { args: [{ force }] })
          : queue.executeUpdate<StopAnswer, [object]>('doStopOperation', { args: [{ operationId, force }] }),
    );
    return stopping;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return stopWithoutQueue(link, host, operationId, force);
    const { cause } = error as Error;
    if (error instanceof WorkflowUpdateFailedError && cause instanceof ApplicationFailure) {
      if (cause.type === 'OperationNotFound')
        throw new CommandError('OperationNotFound', cause.message, { cause });
      throw new CommandError('ServerRefused', cause.message, { cause });
    }
    if (!isPassing(error) && (error as Error).name !== 'WorkflowUpdateRPCTimeoutOrCancelledError')
      throw error;
    if (operationId === null) throw noWorker(host, error);
    return stopWithoutQueue(link, host, operationId, force);
  }
}

/** On the worst day there is neither queue nor worker; the server alone can still be told. */
async function stopWithoutQueue(
  link: Link,
  host: string,
  operationId: string | null,
  force: boolean,
): Promise<readonly string[]> {
  // never made, so nothing waits or works here; what runs on the server belongs to other hosts
  if (operationId === null) return [];
  const found = await findOperation(link, operationId).catch((error: unknown) => {
    if (!(error instanceof CommandError) || error.type !== 'OperationNotFound') throw error;
    throw new CommandError('OperationNotFound', `No operation ${operationId} runs or waits on ${host}.`, {
      cause: error,
    });
  });
  if (!GOING_ON.has(found.status.name)) {
    throw new CommandError(
      'OperationNotFound',
      `The operation ${operationId} has ended already. None runs on ${host}.`,
    );
  }
  const handle = link.client.workflow.getHandle(operationId, found.runId);
  if (force) await handle.terminate('stopped by force');
  else await handle.cancel();
  return [operationId];
}
