/** The invalid items of a restore, restored at its end by a child that works in its turn. */
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  executeChild,
  isCancellation,
  ParentClosePolicy,
} from '@temporalio/workflow';
import type { FinishedReport } from '../activities/restore';
import {
  changeText,
  type RestoreInvalidItemsRequest,
  type RestoreInvalidItemsResult,
} from '../contracts/restore-invalid-items';
import type { RetriedInvalid } from '../report/model';
import type { Ending } from '../restore/report-of';
import type { RestoreRequest } from '../restore/request';
import { failureMessage } from './failure';
import { restoreInvalidItems } from './restore-invalid-items';
import type { RestoreState } from './restore-state';

/**
 * Does nothing unless the input asks for it and there are such items. A child, because nothing may continue as new while
 * the validator is changed. What becomes of it is for the report: the restore itself is done.
 *
 * @param draft writes the report that the child takes the items from; it is not mailed
 */
export async function retryInvalid(
  { operationId, turn, input }: RestoreRequest,
  state: RestoreState,
  draft: (ending: Ending) => Promise<FinishedReport & { failure?: string | null }>,
): Promise<void> {
  const withoutValidator = input.onInvalid === 'retryWithoutValidator';
  if (input.onInvalid !== 'retry' && !withoutValidator) return;
  state.begin('invalid items');
  const { dir, invalid = 0, failure = null } = await draft(state.ending('completed'));
  if (invalid === 0 || failure !== null) return;
  const { advanced, carbonio } = input;
  const request: RestoreInvalidItemsRequest = {
    report: dir,
    ...(withoutValidator ? { disable: true, acceptRisk: true } : {}),
    carbonio,
    advanced: { heartbeatSeconds: advanced.heartbeatSeconds },
    turnOf: turn,
  };
  const child = `${operationId}/invalid`;
  try {
    const result = await executeChild(restoreInvalidItems, {
      workflowId: child,
      args: [request],
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `Restore of ${invalid} invalid items of ${operationId}`,
    });
    state.retried(retriedOf(result));
  } catch (error) {
    // somebody may have cancelled the child only
    if (CancellationScope.current().consideredCancelled) throw error;
    const none = { items: invalid, restored: 0, stillInvalid: invalid, how: '', reportDir: null, list: null };
    state.retried({
      ...none,
      operationId: child,
      failure: isCancellation(error) ? 'it was cancelled' : failureMessage(error),
    });
  }
}

const retriedOf = (result: RestoreInvalidItemsResult): RetriedInvalid => {
  const { operationId, items, restored, stillInvalid, reportDir, list } = result;
  return { operationId, items, restored, stillInvalid, reportDir, list, how: changeText(result) };
};
