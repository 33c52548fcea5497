/** What the mail host itself works on and has waiting, beside the operations of Lifeboat. */
import { existsSync } from 'node:fs';
import { getAllOperations } from '../carbonio/cli/operations';
import { openCarbonioHost } from '../carbonio/host';
import { parseCommand } from '../carbonio/command-line';
import type { HostOperation } from '../carbonio/parse/operations';
import type { Config } from '../config';
import { Problem } from '../failures';
import { printable, utcTime } from '../report/format';

const ANSWER_WITHIN_SECONDS = 15;

export type HostQueue =
  | { readonly operations: readonly HostOperation[] }
  /** It could not be asked, and why. */
  | { readonly failure: string };

/** Null when this machine drives no mail host: the command is not named, and not where it is by default. */
export async function readHostQueue(config: Config, host: string): Promise<HostQueue | null> {
  const isNamed = (process.env['LIFEBOAT_CARBONIO_COMMAND'] ?? '') !== '';
  if (host !== config.host || !(isNamed || existsSync(parseCommand(config.carbonio.command).program)))
    return null;
  const quiet = { debug: () => undefined, warn: () => undefined };
  const timeoutSeconds = Math.min(ANSWER_WITHIN_SECONDS, config.carbonio.timeoutSeconds);
  const { cli } = openCarbonioHost({ ...config.carbonio, timeoutSeconds }, config, quiet);
  try {
    const { operations } = await getAllOperations(cli);
    // those that run come first
    return {
      operations: [...operations].sort((a, b) => Number(a.state === 'Queued') - Number(b.state === 'Queued')),
    };
  } catch (error) {
    if (error instanceof Problem) return { failure: error.message };
    throw error;
  }
}

export function hostQueueTable(queue: HostQueue): string {
  if ('failure' in queue)
    return `The queue of the mail host itself could not be read: ${printable(queue.failure)}`;
  if (queue.operations.length === 0) return 'On the mail host itself nothing runs or waits.';
  const lines = queue.operations.map(({ state, name, id, queuedTime }) => {
    const since = queuedTime === null ? '' : utcTime(new Date(queuedTime).toISOString());
    return printable(`  ${state.toLowerCase().padEnd(9)} ${name.padEnd(20)} ${id}  ${since}`).trimEnd();
  });
  return ['On the mail host itself:', ...lines].join('\n');
}
