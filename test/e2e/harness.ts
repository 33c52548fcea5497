/** Real workers as processes of their own, and a client, for tests that kill things. */
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { ExternalRestoreRequest, ExternalRestoreResult } from '../../src/contracts/external-restore';
import type { externalRestore } from '../../src/workflows';

const ROOT = join(__dirname, '../..');

export interface TestWorker {
  readonly process: ChildProcess;
  /** SIGKILL; returns when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; returns the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `lifeboat worker`. Its log is `<stateDir>.worker.log`. */
export function spawnWorker(options: {
  address: string;
  stateDir: string;
  taskQueue: string;
  env?: NodeJS.ProcessEnv;
}): TestWorker {
  const log = openSync(`${options.stateDir}.worker.log`, 'a');
  const process_ = spawn(process.execPath, [join(ROOT, 'bin/lifeboat'), 'worker'], {
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: options.address,
      LIFEBOAT_STATE_DIR: options.stateDir,
      LIFEBOAT_TASK_QUEUE: options.taskQueue,
      // a host of its own: operations of other tests are none of its queue
      LIFEBOAT_HOST: options.taskQueue,
      LIFEBOAT_LOCK_DIR: `${options.stateDir}.locks`,
      LIFEBOAT_JOURNAL_DIR: `${options.stateDir}.journal`,
      ...options.env,
    },
  });
  const exited = new Promise<number | null>((resolve) => process_.once('exit', resolve));
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (process_.exitCode === null && process_.signalCode === null) process_.kill(signal);
    return exited;
  };
  return {
    process: process_,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}

export async function connect(address: string): Promise<Client> {
  return new Client({ connection: await Connection.connect({ address }) });
}

export async function startRestore(
  client: Client,
  taskQueue: string,
  workflowId: string,
  input: ExternalRestoreRequest,
): Promise<WorkflowHandle<typeof externalRestore>> {
  return client.workflow.start<typeof externalRestore>('externalRestore', {
    taskQueue,
    workflowId,
    args: [input],
  });
}

export type { ExternalRestoreResult };

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
