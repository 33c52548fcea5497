/** Children of a runbook. */
import {
  ChildWorkflowCancellationType,
  executeChild,
  ParentClosePolicy,
  workflowInfo,
} from '@temporalio/workflow';

/** Children with numbers: a step that is tried again starts another one. Cancelled with the runbook, they clean up first. */
export function numberedChild() {
  const { workflowId } = workflowInfo();
  let started = 0;
  /** @param onId told the id before it starts */
  return <I, R>(
    workflow: (input: I) => Promise<R>,
    what: string,
    input: I,
    onId?: (id: string) => void,
  ): Promise<R> => {
    const id = `${workflowId}/${what}-${++started}`;
    onId?.(id);
    return executeChild<(input: I) => Promise<R>>(workflow.name, {
      workflowId: id,
      args: [input],
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${what} of ${workflowId}`,
    });
  };
}

export type NumberedChild = ReturnType<typeof numberedChild>;
