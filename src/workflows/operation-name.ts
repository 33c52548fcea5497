import { workflowInfo } from '@temporalio/workflow';
import type { OperationName } from '../host/operation-dir';

/** How this operation is called, and what tells it from others that had the same id. */
export function operationName(): OperationName {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return { operationId: workflowId, operationKey: `${workflowId} ${firstExecutionRunId}` };
}
