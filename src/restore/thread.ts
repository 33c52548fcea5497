/** Entry of a thread that runs steps of restores, one after the other. Started by in-thread.ts. */
import { parentPort } from 'node:worker_threads';
import { giveWay } from '../host/give-way';
import { toThreadFailure, type ThreadFailure } from '../host/thread-failure';
import { TASKS, type TaskHooks, type TaskInputs, type TaskName } from './tasks';

export interface ThreadJob {
  readonly name: TaskName;
  readonly input: TaskInputs[TaskName];
  /** One Int32: not 0 once the step should stop. Shared, because a busy thread reads no messages. */
  readonly stop: SharedArrayBuffer;
}

export type ThreadMessage =
  | { readonly kind: 'progress'; readonly progress: Parameters<TaskHooks['progress']>[0] }
  | { readonly kind: 'result'; readonly result: unknown }
  | ThreadFailure;

async function run({ name, input, stop }: ThreadJob): Promise<ThreadMessage> {
  const flag = new Int32Array(stop);
  const hooks: TaskHooks = {
    progress: (progress) => parentPort?.postMessage({ kind: 'progress', progress } satisfies ThreadMessage),
    stopRequested: () => Atomics.load(flag, 0) !== 0,
  };
  try {
    const task = TASKS[name] as (input: unknown, hooks: TaskHooks) => Promise<unknown>;
    return { kind: 'result', result: await task(input, hooks) };
  } catch (error) {
    return toThreadFailure(error);
  }
}

giveWay();

/** Null: there is no more to do. */
parentPort?.on('message', (job: ThreadJob | null) => {
  if (job === null) parentPort?.close();
  else void run(job).then((message) => parentPort?.postMessage(message));
});
