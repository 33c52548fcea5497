/**
 * Whether the worker of this host asks the Temporal server for work: for the health check of its container.
 * Exit code 0 when it asked within the last two minutes, else 1 and the reason.
 */
import { createRequire } from 'node:module';
import { hostname } from 'node:os';

import { runScript, SetupError } from './lib/report.mjs';

const require = createRequire(import.meta.url);
const { Connection } = require('@temporalio/client');
const { loadClientConnectConfig } = require('@temporalio/envconfig');

const ACTIVITY_TASK_QUEUE = 2;
const LATEST_SECONDS = 120;
/** As in the identity that the worker gives itself (src/worker.ts). */
const host = process.env.LIFEBOAT_HOST || hostname();

await runScript(async () => {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = Connection.lazy({ ...connectionOptions, connectTimeout: 5000 });
  try {
    await connection.ensureConnected().catch((error) => {
      throw new SetupError(`The Temporal server does not answer: ${error.message}`);
    });
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace: namespace ?? 'default',
      taskQueue: { name: process.env.LIFEBOAT_TASK_QUEUE || 'lifeboat' },
      taskQueueType: ACTIVITY_TASK_QUEUE,
    });
    const since = Date.now() / 1000 - LATEST_SECONDS;
    const asks = (pollers ?? []).some(
      ({ identity, lastAccessTime }) =>
        identity?.endsWith(`@${host}`) && Number(lastAccessTime?.seconds ?? 0) > since,
    );
    if (!asks)
      throw new SetupError(`No worker of ${host} has asked for work in the last ${LATEST_SECONDS} s.`);
  } finally {
    await connection.close();
  }
});
