/** What became of an operation: asked of the server by its id, never of a list, which lags behind. */
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import type { TurnOwner } from '../contracts/operation-queue';

/** A run that continued as new is followed by the next one, which may not be there yet. */
export const GOING_ON: ReadonlySet<string> = new Set(['RUNNING', 'PAUSED', 'CONTINUED_AS_NEW']);

/** The running execution of this chain (after resets and continue-as-new too); null when the chain has ended. */
export async function findRunning(
  client: Client,
  { operationId, firstRunId }: TurnOwner,
): Promise<WorkflowExecutionDescription | null> {
  const found = await describe(client, operationId);
  return found !== null && chainOf(found) === firstRunId && GOING_ON.has(found.status.name) ? found : null;
}

/** Which chain of runs had this id last, ended or not; null when the server knows none. */
export async function firstRunOf(client: Client, operationId: string): Promise<string | null> {
  const found = await describe(client, operationId);
  return found === null ? null : chainOf(found);
}

const chainOf = (found: WorkflowExecutionDescription): string =>
  found.raw.workflowExecutionInfo?.firstRunId || found.runId;

async function describe(client: Client, operationId: string): Promise<WorkflowExecutionDescription | null> {
  try {
    return await client.workflow.getHandle(operationId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

export const isRunning = async (client: Client, owner: TurnOwner): Promise<boolean> =>
  (await findRunning(client, owner)) !== null;
