/** Tries again what a restore could not bring back, once its cause is mended. */
import {
  ChildWorkflowCancellationType,
  defineQuery,
  executeChild,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { ExternalRestoreRequest, ExternalRestoreResult } from '../contracts/external-restore';
import { parseInput } from '../contracts/input';
import {
  retryUnrestoredExample,
  retryUnrestoredInput,
  type RetryUnrestoredRequest,
  type RetryUnrestoredStatus,
} from '../contracts/retry-unrestored';
import { externalRestore, stepsOf } from './external-restore';
import { unwrapFailure } from './failure';
import { operationName } from './operation-name';

export const retryStatusQuery = defineQuery<RetryUnrestoredStatus>('status');

/** Null when the report has nothing to try again. */
export async function retryUnrestored(raw: RetryUnrestoredRequest): Promise<ExternalRestoreResult | null> {
  const input = parseInput(retryUnrestoredInput, raw, retryUnrestoredExample);
  const name = operationName();
  let status: RetryUnrestoredStatus = { phase: 'reading the report', items: null, restore: null };
  const show = (next: Partial<RetryUnrestoredStatus>): void => {
    status = { ...status, ...next };
    const what =
      status.restore === null ? '' : `\n\n- by the operation \`${status.restore}\`, which shows its progress`;
    setCurrentDetails(`**Phase: ${status.phase}**\n\n- items: ${status.items ?? 'not counted'}${what}`);
  };
  setHandler(retryStatusQuery, () => status, {
    description: 'Phase of this retry, and which operation restores. No input.',
  });
  show({});
  try {
    const { patient } = stepsOf({ advanced: { heartbeatSeconds: 8 } });
    const { restore, items } = await patient.planRetry({ name, input });
    if (restore === null) {
      show({ phase: 'ended', items });
      return null;
    }
    show({ phase: 'restoring', items, restore: restoreIdOf(name.operationId) });
    const result = await restoreAsChild(name.operationId, restore, `Retry of ${items ?? 'all'} items`);
    show({ phase: 'ended' });
    return result;
  } catch (error) {
    throw unwrapFailure(error);
  }
}

export const restoreIdOf = (operationId: string): string => `${operationId}/restore`;

/**
 * A restore of its own, with its own place in the queue and its own report. Cancelled with its parent, it ends at an
 * item boundary and writes its report.
 */
export async function restoreAsChild(
  operationId: string,
  restore: ExternalRestoreRequest,
  staticSummary: string,
): Promise<ExternalRestoreResult> {
  return executeChild(externalRestore, {
    workflowId: restoreIdOf(operationId),
    args: [restore],
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary,
  });
}
