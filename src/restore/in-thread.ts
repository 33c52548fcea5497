/** Runs a step of a restore in a thread of its own. */
import { resolve as resolvePath } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fromThreadFailure } from '../host/thread-failure';
import type { TaskInputs, TaskName, TaskProgress, TaskResults } from './tasks';
import type { ThreadData, ThreadMessage } from './thread';

/** Always the compiled file: a thread runs JavaScript, also when this file is run from its source by the tests. */
const THREAD = resolvePath(__dirname, '../../dist/restore/thread.js');

export interface InThreadOptions {
  readonly onProgress: (progress: TaskProgress) => void;
  /** When it aborts, the step is asked to end at its next safe point; it is never torn down in the middle. */
  readonly signal: AbortSignal;
}

/** @throws Problem as the step threw it */
export async function runInThread<K extends TaskName>(
  name: K,
  input: TaskInputs[K],
  { onProgress, signal }: InThreadOptions,
): Promise<TaskResults[K]> {
  const stop = new SharedArrayBuffer(4);
  const workerData: ThreadData = { name, input, stop };
  const thread = new Worker(THREAD, { workerData });
  const onAbort = (): void => void Atomics.store(new Int32Array(stop), 0, 1);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  try {
    return await new Promise<TaskResults[K]>((resolve, reject) => {
      let settled = false;
      thread.on('message', (message: ThreadMessage) => {
        if (message.kind === 'progress') return onProgress(message.progress);
        settled = true;
        if (message.kind === 'result') resolve(message.result as TaskResults[K]);
        else reject(fromThreadFailure(message));
      });
      thread.on('error', reject);
      thread.on('exit', (code) => {
        if (!settled) reject(new Error(`the thread of the step "${name}" ended with code ${code}`));
      });
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
