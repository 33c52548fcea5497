/** Runs a step of a restore in a thread; one that has ended its step is kept a while for the next. */
import { resolve as resolvePath } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fromThreadFailure } from '../host/thread-failure';
import type { TaskInputs, TaskName, TaskProgress, TaskResults } from './tasks';
import type { ThreadJob, ThreadMessage } from './thread';

/** Always the compiled file: a thread runs JavaScript, also when this file is run from its source by the tests. */
const THREAD = resolvePath(__dirname, '../../dist/restore/thread.js');
/** A new thread loads the program, which takes a fifth of a second of processor time, and runs slowly at first. */
const KEPT_MS = 5_000;

export interface InThreadOptions {
  readonly onProgress: (progress: TaskProgress) => void;
  /** When it aborts, the step is asked to end at its next safe point; it is never torn down in the middle. */
  readonly signal: AbortSignal;
}

/** Threads with nothing to do, and what ends them. They keep no process alive. */
const idle = new Map<Worker, NodeJS.Timeout>();

function takeThread(): Worker {
  const [kept] = idle;
  if (kept === undefined) return newThread();
  const [thread, timer] = kept;
  clearTimeout(timer);
  idle.delete(thread);
  thread.ref();
  return thread;
}

function newThread(): Worker {
  const thread = new Worker(THREAD);
  const forget = (): void => {
    clearTimeout(idle.get(thread));
    idle.delete(thread);
  };
  return thread.on('error', forget).on('exit', forget);
}

function keep(thread: Worker): void {
  const end = (): void => {
    idle.delete(thread);
    dismiss(thread);
  };
  thread.unref();
  idle.set(thread, setTimeout(end, KEPT_MS).unref());
}

/** It ends once nothing that its step has begun is on its way any more. */
const dismiss = (thread: Worker): void => thread.postMessage(null satisfies ThreadJob | null);

/** @throws Problem as the step threw it */
export async function runInThread<K extends TaskName>(
  name: K,
  input: TaskInputs[K],
  { onProgress, signal }: InThreadOptions,
): Promise<TaskResults[K]> {
  const stop = new SharedArrayBuffer(4);
  const thread = takeThread();
  const onAbort = (): void => void Atomics.store(new Int32Array(stop), 0, 1);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  let leave = (): void => undefined;
  try {
    return await new Promise<TaskResults[K]>((resolve, reject) => {
      const onMessage = (message: ThreadMessage): void => {
        if (message.kind === 'progress') return onProgress(message.progress);
        if (message.kind === 'result') {
          keep(thread);
          return resolve(message.result as TaskResults[K]);
        }
        dismiss(thread);
        reject(fromThreadFailure(message));
      };
      const onExit = (code: number): void =>
        reject(new Error(`the thread of the step "${name}" ended with code ${code}`));
      leave = () => void thread.off('message', onMessage).off('error', reject).off('exit', onExit);
      thread.on('message', onMessage).on('error', reject).on('exit', onExit);
      thread.postMessage({ name, input, stop } satisfies ThreadJob);
    });
  } finally {
    leave();
    signal.removeEventListener('abort', onAbort);
  }
}
