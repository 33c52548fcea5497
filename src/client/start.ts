/** Starting an operation, or finding the one that runs already. */
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { ExternalRestoreRequest } from '../contracts/external-restore';
import { CommandError } from './errors';
import { RESTORE_TYPE } from './operations';
import { GOING_ON } from '../activities/chain';

/** What is started: a workflow, its one input, and a line that says what it is. */
export interface OperationStart {
  readonly type: string;
  readonly input: object;
  readonly summary: string;
}

export const restoreStart = (request: ExternalRestoreRequest): OperationStart => ({
  type: RESTORE_TYPE,
  input: request,
  summary: summaryOf(request),
});

const ATTEMPTS = 3;

export interface Started {
  readonly firstRunId: string;
  /** True when it was running before. */
  readonly attached: boolean;
}

/**
 * Starts it under this id, or attaches to the one that runs under it; an ended one is no hindrance.
 *
 * @throws CommandError `OperationIsOther` when a workflow of another kind runs under this id
 */
export async function startOrAttach(
  client: Client,
  operationId: string,
  taskQueue: string,
  { type, input, summary }: OperationStart,
): Promise<Started> {
  for (let attempt = 1; ; attempt++) {
    try {
      const handle = await client.workflow.start(type, {
        workflowId: operationId,
        taskQueue,
        args: [input],
        // USE_EXISTING would do the same, but not say which of the two it did
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: summary,
      });
      return { firstRunId: handle.firstExecutionRunId, attached: false };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const running = await findRunning(client, operationId, type);
      if (running) return { firstRunId: running, attached: true };
      // it ended between the two questions
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function findRunning(client: Client, operationId: string, type: string): Promise<string | undefined> {
  const description = await client.workflow.getHandle(operationId).describe();
  if (!GOING_ON.has(description.status.name)) return undefined;
  if (description.type !== type) {
    throw new CommandError(
      'OperationIsOther',
      `Under the id ${operationId} runs a workflow of the type ${description.type}. Choose another --operation-id.`,
    );
  }
  return description.raw.workflowExecutionInfo?.firstRunId || description.runId;
}

function summaryOf({ sourcePath, target }: ExternalRestoreRequest): string {
  const where = target === undefined ? '' : ` to ${target.replace(/\?.*$/, '')}`;
  return `External Restore of ${sourcePath}${where}`;
}
