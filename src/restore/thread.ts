/** Entry of a worker thread that runs one step of a restore. Started by in-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { toThreadFailure, type ThreadFailure } from '../host/thread-failure';
import { TASKS, type TaskHooks, type TaskInputs, type TaskName } from './tasks';

export interface ThreadData {
  readonly name: TaskName;
  readonly input: TaskInputs[TaskName];
  /** One Int32: not 0 once the step should stop. Shared, because a busy thread reads no messages. */
  readonly stop: SharedArrayBuffer;
}

export type ThreadMessage =
  | { readonly kind: 'progress'; readonly progress: Parameters<TaskHooks['progress']>[0] }
  | { readonly kind: 'result'; readonly result: unknown }
  | ThreadFailure;

async function run({ name, input, stop }: ThreadData): Promise<ThreadMessage> {
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

void run(workerData as ThreadData).then((message) => parentPort?.postMessage(message));
