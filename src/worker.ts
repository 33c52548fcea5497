/** The worker process: configuration, connection, worker. */
import { resolve } from 'node:path';
import { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from './activities';
import { HostWork } from './activities/host-work';
import { measureCopies } from './activities/offsite-metrics';
import { watchOverrides } from './activities/override-watch';
import type { Config } from './config';
import { queueIdOf } from './contracts/operation-queue';
import { Problem } from './failures';

/** Built ahead of time by scripts/build.mjs; the same file whether this runs from src/ or dist/. */
const WORKFLOW_BUNDLE = resolve(__dirname, '../dist/workflow-bundle.js');

export interface WorkerHandle {
  /** Settles when the worker has shut down. */
  readonly ended: Promise<void>;
  /** Asks running steps to end at their next item, waits for them, disconnects. */
  stop(): Promise<void>;
}

/** For tests that bring workflows and activities of their own along. */
export interface WorkerExtras {
  /** File of a workflow bundle. Default: that of the build. */
  readonly bundle?: string;
  readonly activities?: (work: HostWork) => object;
}

/**
 * Connects and starts a worker. With an `address` (of an embedded server) Temporal's own variables and profile are not read.
 * @throws Problem `ServerUnreachable`, `StateUnavailable` when the folder of locks cannot be made
 */
export async function startWorker(
  config: Config,
  address?: string,
  extras: WorkerExtras = {},
): Promise<WorkerHandle> {
  // keys and namespaces in Temporal's variables are for another server than the one that is named
  const { connectionOptions, namespace = 'default' } =
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
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
    const work = new HostWork(config, namespaceInfo?.id ?? namespace);
    const shared: Omit<WorkerOptions, 'taskQueue'> = {
      connection,
      namespace,
      identity: `lifeboat ${process.pid}@${config.host}`,
      workflowBundle: { codePath: extras.bundle ?? WORKFLOW_BUNDLE },
      activities: { ...createActivities(config, work), ...extras.activities?.(work) },
      // the cursor of a heartbeat is what a killed step goes on from: a second at most may be lost
      maxHeartbeatThrottleInterval: '1 second',
      defaultHeartbeatThrottleInterval: '1 second',
      // a dead worker's cache must not hold its workflows back
      stickyQueueScheduleToStartTimeout: '2 seconds',
      // steps are told at once, end at their next item, and have this long for it
      shutdownGraceTime: 0,
      shutdownForceTime: config.shutdownGraceSeconds * 1000,
    };
    const workers = [
      await Worker.create({ ...shared, taskQueue: config.taskQueue }),
      // whoever waits or watches takes no place of one who works
      await Worker.create({ ...shared, taskQueue: queueIdOf(config.host), maxCachedWorkflows: 4 }),
    ];
    const client = new Client({ connection, namespace });
    const { logger, metricMeter } = Runtime.instance();
    const stopWatching = watchOverrides(config, client, work.realm, logger);
    const stopMeasuring = measureCopies(config.stateDir, metricMeter, logger);
    const ended = runTogether(workers).finally(() => {
      stopWatching();
      stopMeasuring();
      return connection.close();
    });
    // whoever awaits `ended` hears of it; until then it must not count as unhandled
    ended.catch(() => undefined);
    return {
      ended,
      stop: async () => {
        shutDown(workers);
        await ended;
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Ends when all have ended; one that ends by a failure ends the others. */
async function runTogether(workers: readonly Worker[]): Promise<void> {
  const runs = workers.map((worker) =>
    worker.run().catch((error: unknown) => {
      shutDown(workers);
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(runs)).find((run) => run.status === 'rejected');
  if (failed) throw failed.reason;
}

function shutDown(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}
