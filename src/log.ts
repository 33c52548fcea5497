/** The log: JSON lines, or readable ones on a terminal. One logger for Lifeboat and for Temporal's own messages. */
import { DefaultLogger, Runtime, type LogEntry } from '@temporalio/worker';
import { destination, pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { Problem } from './failures';

export interface LogOptions {
  readonly level: string;
  /** A file, or null for standard output. */
  readonly file: string | null;
}

export function createLogger({ level, file }: LogOptions): Logger {
  if (file !== null)
    return pino({ level }, destination({ dest: file, mkdir: true, append: true, sync: true }));
  if (process.stdout.isTTY)
    return pino({ level }, pretty({ colorize: true, ignore: 'pid,hostname', sync: true }));
  return pino({ level }, destination({ dest: 1, sync: true }));
}

/**
 * Makes Temporal log through ours, and leaves signals to us. Must come before any other use of Temporal's worker, once
 * in a process.
 *
 * @param metricsAddress where metrics are served under /metrics; null: nowhere
 * @throws Problem `InvalidInput` when that address cannot be used
 */
export function installRuntime(logger: Logger, level: string, metricsAddress: string | null): void {
  const core = level === 'trace' || level === 'debug' ? 'DEBUG' : level === 'info' ? 'WARN' : 'ERROR';
  const metrics = metricsAddress === null ? {} : { metrics: { prometheus: { bindAddress: metricsAddress } } };
  try {
    Runtime.install({
      shutdownSignals: [],
      logger: new DefaultLogger('TRACE', (entry) => write(logger, entry)),
      telemetryOptions: { logging: { forward: {}, filter: { core, other: 'ERROR' } }, ...metrics },
    });
  } catch (error) {
    if (metricsAddress === null) throw error;
    throw new Problem(
      'InvalidInput',
      `LIFEBOAT_METRICS_ADDRESS: metrics cannot be served at ${metricsAddress} (${(error as Error).message}).`,
      {},
      { cause: error },
    );
  }
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function write(logger: Logger, { level, message, meta }: LogEntry): void {
  logger[LEVELS[level]](meta ?? {}, message);
}
