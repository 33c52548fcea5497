/** An operation at one moment, from its status query and the heartbeats of its running steps. */
import {
  QueryNotRegisteredError,
  QueryRejectedError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import type { ExternalRestoreStatus } from '../contracts/external-restore';
import { GRPC, grpcCode, isPassing, isUnanswered } from './grpc';
import { readPending, type PendingSteps } from './pending';

export interface Counts {
  readonly restored: number;
  readonly skipped: number;
  readonly filtered: number;
  readonly unrestored: number;
}

export interface Snapshot {
  readonly phase: string;
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
  readonly unit: string;
  readonly counts: Counts | null;
  /** More of a running step, in its own words. */
  readonly note?: string;
  /** Why it does not go on just now. */
  readonly waiting: string | null;
  readonly cancelling: boolean;
  /** Whether a worker answered. */
  readonly answered: boolean;
}

/** A worker that is alive answers in milliseconds; without one the server would wait for long. */
const QUERY_WITHIN_MS = 2000;

/** Undefined when no worker answers, or this release of the workflow has no such query. */
export async function queryStatus(
  client: Client,
  operationId: string,
): Promise<ExternalRestoreStatus | undefined> {
  try {
    return await client.withDeadline(Date.now() + QUERY_WITHIN_MS, () =>
      client.workflow.getHandle(operationId).query<ExternalRestoreStatus>('status'),
    );
  } catch (error) {
    if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError) return undefined;
    if (isPassing(error) || isUnanswered(error)) return undefined;
    // it ended, or was removed, between two questions: whoever asks next finds out
    if (grpcCode(error) === GRPC.notFound || (error as Error).name === 'WorkflowNotFoundError')
      return undefined;
    throw error;
  }
}

export async function snapshotOf(
  client: Client,
  description: WorkflowExecutionDescription,
  status: (ExternalRestoreStatus & { waiting?: string | null }) | undefined,
): Promise<Snapshot> {
  const pending = await readPending(client, description.raw);
  const cancelling = description.raw.workflowExtendedInfo?.cancelRequested ?? false;
  const waiting = queuedText(status) ?? pending.waiting ?? status?.waiting ?? null;
  return { ...merge(status, pending), waiting, cancelling, answered: status !== undefined };
}

/** What an operation in the queue waits for. A worker of an earlier release says nothing of a queue. */
function queuedText(status: ExternalRestoreStatus | undefined): string | null {
  if (!status?.queue) return null;
  const { position, queued, waitsFor } = status.queue;
  return `position ${position} of ${queued} in the queue${waitsFor === null ? '' : `, after ${waitsFor}`}`;
}

type Progress = Omit<Snapshot, 'waiting' | 'cancelling' | 'answered'>;

/** Heartbeats are up to a second old; the status is as old as the last work unit. The one that is further wins. */
function merge(status: ExternalRestoreStatus | undefined, { progress }: PendingSteps): Progress {
  const phase = status?.phase ?? progress?.step ?? 'starting';
  const live = progress?.unit === 'items' ? progress : null;
  const handled = Math.max(status?.handled ?? 0, live?.done ?? 0);
  const counts =
    live && live.done > (status?.handled ?? 0) ? countsIn(live.counters) : countsIn(statusCounts(status));
  if (progress && !live) {
    const { done, total, unit, note } = progress;
    return { phase, done, total, unit, counts, ...(typeof note === 'string' ? { note } : {}) };
  }
  // in every other phase the items would be a bar that stands still
  const counting = live !== null || phase === 'items';
  const total = counting ? status?.total || live?.total || 0 : 0;
  return { phase, done: counting ? handled : 0, total, unit: 'items', counts };
}

/** Before the phase of the items there is nothing to count. */
function statusCounts(status: ExternalRestoreStatus | undefined): ExternalRestoreStatus | undefined {
  return status && (status.handled > 0 || status.phase === 'items') ? status : undefined;
}

function countsIn(from: Counts | undefined): Counts | null {
  if (!from) return null;
  const { restored, skipped, filtered, unrestored } = from;
  return { restored, skipped, filtered, unrestored };
}
