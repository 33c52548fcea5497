/** `lifeboat cancel`: asks an operation to end. */
import { loadConfig } from '../../config';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { findOperation } from '../operations';
import { printJson, say } from '../output';
import { onServer } from '../server';
import { GOING_ON } from '../../activities/chain';

export async function cancel(
  operationId: string,
  { json, ...options }: { stateDir?: string; json?: boolean },
): Promise<number> {
  const config = loadConfig(process.env, options);
  return onServer(config.stateDir, async (link) => {
    const { status } = await findOperation(link, operationId);
    if (!GOING_ON.has(status.name)) {
      const how = status.name.toLowerCase().replaceAll('_', ' ');
      throw new CommandError('OperationEnded', `The operation ${operationId} has ended already (${how}).`);
    }
    await link.client.workflow.getHandle(operationId).cancel();
    say(`Asked ${operationId} to end: running steps end at their next item, then the report is written.`);
    if (json) printJson({ stopping: [operationId] });
    return EXIT.done;
  });
}
