/** The worker process: configuration, connection, worker. */
import { resolve } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from './activities';
import type { Config } from './config';
import { Problem } from './failures';

/** Built ahead of time by scripts/build.mjs; the same file whether this runs from src/ or dist/. */
const WORKFLOW_BUNDLE = resolve(__dirname, '../dist/workflow-bundle.js');

export interface WorkerHandle {
  /** Settles when the worker has shut down. */
  readonly ended: Promise<void>;
  /** Asks running steps to end at their next item, waits for them, disconnects. */
  stop(): Promise<void>;
}

/**
 * Connects and starts a worker. With an `address` (of an embedded server) Temporal's own variables and profile are not read.
 * @throws Problem `ServerUnreachable`
 */
export async function startWorker(config: Config, address?: string): Promise<WorkerHandle> {
  // keys and namespaces in Temporal's variables are for another server than the one that is named
  const { connectionOptions, namespace } =
    address === undefined
      ? loadClientConnectConfig()
      : { connectionOptions: {} as { address?: string }, namespace: undefined };
  const where = address ?? connectionOptions.address ?? '127.0.0.1:7233';
  const connection = await NativeConnection.connect({ ...connectionOptions, address: where }).catch(
    (error: unknown) => {
      throw new Problem(
        'ServerUnreachable',
        `No Temporal server answers at ${where} (${(error as Error).message}).`,
        {},
        { cause: error },
      );
    },
  );
  try {
    const worker = await Worker.create({
      connection,
      namespace: namespace ?? 'default',
      taskQueue: config.taskQueue,
      identity: `lifeboat ${process.pid}@${config.host}`,
      workflowBundle: { codePath: WORKFLOW_BUNDLE },
      activities: createActivities(config),
      // the cursor of a heartbeat is what a killed step goes on from: a second at most may be lost
      maxHeartbeatThrottleInterval: '1 second',
      defaultHeartbeatThrottleInterval: '1 second',
      // a dead worker's cache must not hold its workflows back
      stickyQueueScheduleToStartTimeout: '2 seconds',
      // steps are told at once, end at their next item, and have this long for it
      shutdownGraceTime: 0,
      shutdownForceTime: config.shutdownGraceSeconds * 1000,
    });
    const ended = worker.run().finally(() => connection.close());
    // whoever awaits `ended` hears of it; until then it must not count as unhandled
    ended.catch(() => undefined);
    return {
      ended,
      stop: async () => {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await ended;
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
