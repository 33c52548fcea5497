/** What the development server is told when it starts. */
import { execFileSync } from 'node:child_process';

import { Problem } from '../failures';

/** Temporal's types of search attributes, as its command line spells them. */
export type SearchAttributeKind = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList';

export interface ServerOptions {
  /** The database; made when it is not there. One server a database, ever: see `startServer`. */
  readonly dbFile: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Of the web interface. Default: any free port. */
  readonly uiPort?: number;
  /** The server writes here; appended to. */
  readonly logFile: string;
  /** Gives up what would survive a loss of power in exchange for speed: for tests. Default false. */
  readonly fast?: boolean;
  /** Registered at the start; those that are there already are left as they are. */
  readonly searchAttributes?: Readonly<Record<string, SearchAttributeKind>>;
}

export interface ServerPorts {
  readonly port: number;
  readonly uiPort: number;
  readonly httpPort: number;
  readonly metricsPort: number;
}

const SETTINGS: Readonly<Record<string, string>> = {
  // Timers fire when they are due, not at the next full second; retries of activities use timers too.
  'history.timerProcessorMaxTimeShift': '"1ms"',
  // A workflow whose tasks keep failing still counts as running; this makes it findable after the second failure.
  'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute': '2',
  // With its single shard the server would poll its own queues 20 times a second: 50 ms for each activity.
  'history.transferProcessorMaxPollRPS': '2000',
  'history.timerProcessorMaxPollRPS': '2000',
  'history.visibilityProcessorMaxPollRPS': '2000',
};

const NO_NEWS = '--ui-disable-news-fetch';

/** Whether this CLI knows the option that keeps the web interface from calling home; older ones do not. */
function knowsNoNews(cli: string): boolean {
  try {
    const help = execFileSync(cli, ['server', 'start-dev', '--help'], { encoding: 'utf8', timeout: 20_000 });
    return help.includes(NO_NEWS);
  } catch (error) {
    throw new Problem('ServerMissing', `${cli} is not a Temporal CLI that works here.`, {}, { cause: error });
  }
}

/** The arguments of `temporal` that start the server, on the loopback address only. */
export function serverArguments(cli: string, options: ServerOptions, ports: ServerPorts): string[] {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1'];
  args.push('--port', String(ports.port), '--ui-port', String(ports.uiPort));
  args.push('--http-port', String(ports.httpPort), '--metrics-port', String(ports.metricsPort));
  args.push('--db-filename', options.dbFile, '--log-level', 'warn', '--log-format', 'text');
  if (knowsNoNews(cli)) args.push(NO_NEWS);
  for (const [key, value] of Object.entries(SETTINGS)) args.push('--dynamic-config-value', `${key}=${value}`);
  if (options.fast) args.push('--sqlite-pragma', 'synchronous=off');
  for (const [name, kind] of Object.entries(options.searchAttributes ?? {})) {
    args.push('--search-attribute', `${name}=${kind}`);
  }
  return args;
}
