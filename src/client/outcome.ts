/** How an operation ended, as its workflow says. */
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
  type Client,
} from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow';
import { z } from 'zod';
import type { ExternalRestoreResult } from '../contracts/external-restore';

/** `R`: what the workflow answers. */
export type Outcome<R = ExternalRestoreResult> =
  | { readonly kind: 'done'; readonly result: R }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly type: string; readonly message: string };

/** @param runId of the run that ended */
export async function outcomeOf<R = ExternalRestoreResult>(
  client: Client,
  operationId: string,
  runId: string,
): Promise<Outcome<R>> {
  try {
    const handle = client.workflow.getHandle(operationId, runId);
    return { kind: 'done', result: (await handle.result()) as R };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return failureOf(error.cause);
  }
}

function failureOf(cause: Error | undefined): Exclude<Outcome, { kind: 'done' }> {
  if (cause instanceof CancelledFailure) return { kind: 'cancelled' };
  if (cause instanceof ApplicationFailure) {
    return { kind: 'failed', type: cause.type ?? 'Unexpected', message: cause.message };
  }
  if (cause instanceof TerminatedFailure) {
    const message =
      'The operation was terminated from outside. Start the same restore again: it goes on from there.';
    return { kind: 'failed', type: 'Terminated', message };
  }
  if (cause instanceof TimeoutFailure) {
    return { kind: 'failed', type: 'TimedOut', message: `The operation timed out: ${cause.message}.` };
  }
  return { kind: 'failed', type: 'Unexpected', message: cause?.message ?? 'The operation failed.' };
}

/** The plan is an early event, or carried over in the first one. */
const FIRST_EVENTS = 60;

const planned = z.object({ reportDir: z.string() });
const carriedPlan = z.object({ carry: z.object({ plan: planned }) });

/**
 * The folder of the report of an operation that has no result, since it was cancelled or failed: it stands in its
 * history. Null when it ended before it was planned; then there is no report.
 */
export async function reportDirOf(
  client: Client,
  operationId: string,
  runId: string,
): Promise<string | null> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: operationId, runId },
    maximumPageSize: FIRST_EVENTS,
  });
  for (const event of history?.events ?? []) {
    const payloads =
      event.workflowExecutionStartedEventAttributes?.input?.payloads ??
      event.activityTaskCompletedEventAttributes?.result?.payloads;
    if (!payloads) continue;
    const [value] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
    const carried = carriedPlan.safeParse(value);
    if (carried.success) return carried.data.carry.plan.reportDir;
    const plan = planned.safeParse(value);
    if (plan.success) return plan.data.reportDir;
  }
  return null;
}
