/** Replays a history against the workflows as they are built: every history that a test makes must pass. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

const BUNDLE = resolve(__dirname, '../../dist/workflow-bundle.js');

Runtime.install({ logger: new DefaultLogger('WARN') });

/**
 * Every run of a workflow id, from the newest back: those that continued as new, and those that were reset.
 * @returns how many there were
 */
export async function replayAll(client: Client, workflowId: string, bundle = BUNDLE): Promise<number> {
  const { runId: newest } = await client.workflow.getHandle(workflowId).describe();
  const runs = new Set([newest]);
  // a set hands out what is added to it on the way too
  for (const runId of runs) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const json = historyToJSON(history);
    await replayJson(json, workflowId, bundle);
    record(json, workflowId, runs.size - 1);
    for (const before of runsBefore(history)) runs.add(before);
  }
  return runs.size;
}

function runsBefore({ events }: temporal.api.history.v1.IHistory): string[] {
  return (events ?? []).flatMap(
    ({
      workflowExecutionStartedEventAttributes: started,
      workflowTaskFailedEventAttributes: failed,
    }): string[] =>
      [started?.continuedExecutionRunId ?? '', failed?.baseRunId ?? ''].filter((id) => id !== ''),
  );
}

/** One worker replays everything of a test file that belongs to a bundle: to load it takes longer than to replay. */
interface Replays {
  readonly histories: PassThrough;
  readonly results: ReturnType<typeof Worker.runReplayHistories>;
}
const running = new Map<string, Replays>();

function replaysOf(bundle: string): Replays {
  const found = running.get(bundle);
  if (found) return found;
  const histories = new PassThrough({ objectMode: true });
  const results = Worker.runReplayHistories({ workflowBundle: { codePath: bundle } }, histories);
  running.set(bundle, { histories, results });
  return { histories, results };
}

async function end(): Promise<void> {
  for (const { histories, results } of running.values()) {
    histories.end();
    await results.next();
  }
  running.clear();
}

let isOver = false;
afterAll(() => {
  isOver = true;
  return end();
});

/** Through JSON: that is how recorded histories are kept. */
export async function replayJson(json: string, workflowId: string, bundle = BUNDLE): Promise<void> {
  const { histories, results } = replaysOf(bundle);
  histories.write({ history: JSON.parse(json) as object, workflowId });
  const { done, value } = await results.next().catch((error: unknown) => {
    // it takes no more
    running.delete(bundle);
    throw error;
  });
  // asked by another one's afterAll
  if (isOver) await end();
  if (done) throw new Error(`The replay ended before ${workflowId}.`);
  if (value.error) throw value.error;
}

/** With LIFEBOAT_RECORD=<folder> every history is kept there: how the fixtures of a release are made. */
function record(json: string, workflowId: string, run: number): void {
  const folder = process.env.LIFEBOAT_RECORD;
  if (folder) writeFileSync(join(folder, `${workflowId.replaceAll('/', '_')}-${run}.json`), json);
}
