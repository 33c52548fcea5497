/** The log: JSON lines, or readable ones on a terminal. One logger for Lifeboat and for Temporal's own messages. */
import { DefaultLogger, Runtime, type LogEntry } from '@temporalio/worker';
import { destination, pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

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
 */
export function installRuntime(logger: Logger, level: string): void {
  const core = level === 'trace' || level === 'debug' ? 'DEBUG' : level === 'info' ? 'WARN' : 'ERROR';
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('TRACE', (entry) => write(logger, entry)),
    telemetryOptions: { logging: { forward: {}, filter: { core, other: 'ERROR' } } },
  });
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function write(logger: Logger, { level, message, meta }: LogEntry): void {
  logger[LEVELS[level]](meta ?? {}, message);
}
