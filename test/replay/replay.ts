/** Replays a history against the workflows as they are built: every history that a test makes must pass. */
import { resolve } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Client } from '@temporalio/client';

const BUNDLE = resolve(__dirname, '../../dist/workflow-bundle.js');

Runtime.install({ logger: new DefaultLogger('WARN') });

/** Every run of a workflow id, from the newest back through continue-as-new and resets. */
export async function replayAll(client: Client, workflowId: string): Promise<number> {
  let runId: string | undefined;
  let runs = 0;
  do {
    const handle = client.workflow.getHandle(workflowId, runId);
    const history = await handle.fetchHistory();
    // through JSON as well: that is how recorded histories are kept
    await Worker.runReplayHistory(
      { workflowBundle: { codePath: BUNDLE } },
      JSON.parse(historyToJSON(history)) as object,
      workflowId,
    );
    runs++;
    runId =
      history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? undefined;
  } while (runId);
  return runs;
}
