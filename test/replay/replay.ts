/** Replays a history against the workflows as they are built: every history that a test makes must pass. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Client } from '@temporalio/client';

const BUNDLE = resolve(__dirname, '../../dist/workflow-bundle.js');

Runtime.install({ logger: new DefaultLogger('WARN') });

/** Every run of a workflow id, from the newest back through continue-as-new and resets. */
export async function replayAll(client: Client, workflowId: string, bundle = BUNDLE): Promise<number> {
  let runId: string | undefined;
  let runs = 0;
  do {
    const handle = client.workflow.getHandle(workflowId, runId);
    const history = await handle.fetchHistory();
    const json = historyToJSON(history);
    await replayJson(json, workflowId, bundle);
    record(json, workflowId, runs);
    runs++;
    runId =
      history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? undefined;
  } while (runId);
  return runs;
}

/** Through JSON: that is how recorded histories are kept. */
export async function replayJson(json: string, workflowId: string, bundle = BUNDLE): Promise<void> {
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: bundle } },
    JSON.parse(json) as object,
    workflowId,
  );
}

/** With LIFEBOAT_RECORD=<folder> every history is kept there: how the fixtures of a release are made. */
function record(json: string, workflowId: string, run: number): void {
  const folder = process.env.LIFEBOAT_RECORD;
  if (folder) writeFileSync(join(folder, `${workflowId.replaceAll('/', '_')}-${run}.json`), json);
}
