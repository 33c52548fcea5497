/** A server and a worker in this process's care, for machines that have none. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config';
import { readServerRecord } from '../embedded/server-record';
import { joinServer, type JoinedServer, type JoinOptions } from '../embedded/shared-server';
import { createLogger, installRuntime } from '../log';
import { startWorker, type WorkerHandle } from '../worker';
import { CommandError } from './errors';
import { connect, embeddedPlace, type Link } from './server';

export interface EmbeddedSession {
  readonly server: JoinedServer;
  readonly link: Link;
  /** JSON lines of the worker. */
  readonly logFile: string;
  /** @throws CommandError `ServerUnreachable` when the server or the worker has ended meanwhile */
  expectAlive(): void;
  /** Ends the worker at its next item, and the server when nobody else uses it. */
  close(): Promise<void>;
}

export function embeddedLogFile(stateDir: string): string {
  return join(stateDir, 'worker.log');
}

/**
 * Call it once in a process: Temporal's runtime is installed in it.
 *
 * @param metricsAddress where metrics are served. Default: nowhere, since several commands may run at a time
 */
export async function openEmbedded(
  config: Config,
  options: JoinOptions = {},
  metricsAddress: string | null = null,
): Promise<EmbeddedSession> {
  const { stateDir } = config;
  const server = await joinServer(stateDir, options);
  let worker: WorkerHandle | undefined;
  try {
    const logFile = embeddedLogFile(stateDir);
    const logger = createLogger({ level: config.logLevel, file: logFile });
    installRuntime(logger, config.logLevel, metricsAddress);
    worker = await startWorker(config, server.address);
    const link = await connect(embeddedPlace(server));
    return session(stateDir, server, worker, link, logger, logFile);
  } catch (error) {
    await worker?.stop();
    await server.leave();
    throw error;
  }
}

function session(
  stateDir: string,
  server: JoinedServer,
  worker: WorkerHandle,
  link: Link,
  logger: Logger,
  logFile: string,
): EmbeddedSession {
  let ended: string | null = null;
  worker.ended.then(
    () => (ended = 'The worker has ended'),
    (error: unknown) => (ended = `The worker has ended: ${(error as Error).message}`),
  );
  return {
    server,
    link,
    logFile,
    expectAlive() {
      if (ended === null && !readServerRecord(stateDir)) ended = 'The embedded server has ended';
      if (ended === null) return;
      throw new CommandError(
        'ServerUnreachable',
        `${ended}. Nothing is lost: run the same command again to go on. Logs: ${logFile}, ${join(stateDir, 'temporal.log')}.`,
      );
    },
    async close() {
      // with the server gone it cannot end cleanly, and its complaint would hide what the user needs to know
      await worker
        .stop()
        .catch((error: unknown) => logger.warn({ err: error }, 'the worker did not end cleanly'));
      await link.close();
      await server.leave();
    },
  };
}
