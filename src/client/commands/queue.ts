/** `lifeboat queue`: what works on a host and what waits for its turn; ending it. */
import { loadConfig, type Config } from '../../config';
import { counted } from '../../report/format';
import { confirm } from '../ask';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { isPassing } from '../grpc';
import { hostQueueTable, readHostQueue } from '../host-queue';
import { Interrupts } from '../interrupts';
import { print, printJson, say } from '../output';
import { readQueue, stopOperations } from '../queue';
import { queueTable } from '../queue-table';
import { onServer, type Link } from '../server';

export interface QueueOptions {
  stateDir?: string;
  host?: string;
  json?: boolean;
}
export interface StopOptions extends QueueOptions {
  force?: boolean;
}

const LOOK_EVERY_MS = 1_000;
const CLEAR = '\x1b[H\x1b[2J';

/** Where, and on which host, a command is to look. */
async function onHost<T>(
  { stateDir, host }: QueueOptions,
  body: (link: Link, host: string, config: Config) => Promise<T>,
): Promise<T> {
  const config: Config = loadConfig(process.env, stateDir === undefined ? {} : { stateDir });
  return onServer(config.stateDir, (link) => body(link, host ?? config.host, config));
}

export function list(options: QueueOptions): Promise<number> {
  return onHost(options, async (link, host, config) => {
    const [operations, own] = await Promise.all([readQueue(link, host), readHostQueue(config, host)]);
    if (options.json) printJson({ operations, ...(own === null ? {} : { onMailHost: own }) });
    else print([queueTable(host, operations), ...(own === null ? [] : ['', hostQueueTable(own)])].join('\n'));
    return EXIT.done;
  });
}

/** On a terminal the table is drawn anew each second; elsewhere a new one is printed when something has changed. */
export function watchQueue(options: QueueOptions): Promise<number> {
  return onHost(options, async (link, host) => {
    const interrupts = new Interrupts();
    try {
      let shown = '';
      do {
        const table = await tableOrWhyNot(link, host);
        if (process.stdout.isTTY) process.stdout.write(CLEAR);
        if (process.stdout.isTTY || table !== shown) print(table);
        shown = table;
      } while ((await interrupts.next(LOOK_EVERY_MS)) === null);
      return EXIT.done;
    } finally {
      interrupts.dispose();
    }
  });
}

/** A worker that is being started again is no reason to stop watching. */
async function tableOrWhyNot(link: Link, host: string): Promise<string> {
  try {
    return queueTable(host, await readQueue(link, host));
  } catch (error) {
    if (error instanceof CommandError && error.type === 'NoWorker') return error.message;
    if (isPassing(error)) return 'The Temporal server does not answer.';
    throw error;
  }
}

export function stop(operationId: string, options: StopOptions): Promise<number> {
  return onHost(options, async (link, host) => {
    const { force = false } = options;
    tell(await stopOperations(link, host, operationId, force), options);
    return EXIT.done;
  });
}

export function stopAll(options: StopOptions & { yes?: boolean }): Promise<number> {
  return onHost(options, async (link, host) => {
    const { force = false, yes = false } = options;
    if (!yes) {
      const there = await readQueue(link, host);
      const isWanted = there.length === 0 || (await confirmed(host, there.length, force));
      if (!isWanted) {
        say('Nothing was stopped.');
        return isWanted === null ? EXIT.interrupted : EXIT.done;
      }
    }
    tell(await stopOperations(link, host, null, force), options);
    return EXIT.done;
  });
}

function tell(stopping: readonly string[], { json, force }: StopOptions): void {
  if (json) return printJson({ stopping });
  if (stopping.length === 0) return say('No operation runs or waits.');
  const how = force
    ? 'terminated; the next one begins when their last step has ended'
    : 'asked to end: a running one ends at its next item, with a report; then the next one begins';
  say(`${stopping.join(', ')}: ${how}.`);
}

/** Null when the question was not answered. */
async function confirmed(host: string, count: number, force: boolean): Promise<boolean | null> {
  if (!process.stdin.isTTY) {
    throw new CommandError('Usage', 'Nobody can be asked here: add --yes to stop every operation.');
  }
  const interrupts = new Interrupts();
  try {
    return await confirm(
      `${force ? 'Terminate' : 'Stop'} ${counted(count, 'operation')} on ${host}?`,
      interrupts,
    );
  } finally {
    interrupts.dispose();
  }
}
