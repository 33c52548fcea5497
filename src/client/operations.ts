/** Finding operations on the server. */
import {
  WorkflowNotFoundError,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { CommandError } from './errors';
import type { Link } from './server';
import { WORKFLOWS } from './workflows';

/** @throws CommandError `OperationNotFound`, or `OperationIsOther` when it is a workflow but not one of ours */
export async function findOperation(
  { client, place }: Link,
  operationId: string,
): Promise<WorkflowExecutionDescription> {
  let found: WorkflowExecutionDescription;
  try {
    found = await client.workflow.getHandle(operationId).describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandError(
      'OperationNotFound',
      `There is no operation ${operationId} at ${place.address}, namespace ${place.namespace}. \`lifeboat status\` lists them.`,
      { cause: error },
    );
  }
  if (WORKFLOWS.has(found.type)) return found;
  throw new CommandError(
    'OperationIsOther',
    `${operationId} is not an operation of Lifeboat: its workflow is of the type ${found.type}.`,
  );
}

export const RESTORE_TYPE = 'externalRestore';

/** All of these types that run, then the last `ended` that ended; each group with the newest first. */
export async function listOperations(
  { client }: Link,
  ended: number,
  types: Iterable<string>,
): Promise<WorkflowExecutionInfo[]> {
  const ours = `(${[...types].map((type) => `WorkflowType="${type}"`).join(' OR ')})`;
  const running = await take(
    client.workflow.list({ query: `${ours} AND ExecutionStatus="Running"` }),
    Infinity,
  );
  const past = await take(
    client.workflow.list({
      query: `${ours} AND ExecutionStatus!="Running" AND ExecutionStatus!="ContinuedAsNew"`,
    }),
    ended,
  );
  return [...running, ...past];
}

async function take<T>(from: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const one of from) {
    if (taken.push(one) >= count) break;
  }
  return taken;
}
