/** The options of the demonstration. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Problem } from '../../failures';

export interface DemoOptions {
  readonly dir: string;
  readonly items: number;
  readonly keepOpen: boolean;
  readonly help: boolean;
}

const DEFAULT_DIR = '.lifeboat/demo';
/** Enough for the worker to be killed in the middle on a fast machine. */
const DEFAULT_ITEMS = 5_000;
const LEAST_ITEMS = 500;

export const HELP = `Shows a restore on a machine that has nothing: a Temporal server, a worker, a sample Backup Path and its
restore into Maildir mailboxes, with the worker killed half-way.

Usage: npm run demo [-- options]

  --dir DIR     folder of the demonstration, emptied at the start (default: ${DEFAULT_DIR})
  --items N     items in the sample (default: ${DEFAULT_ITEMS})
  --keep-open   keep the server running at the end, until Ctrl-C, to look at its web interface
  --help        this text`;

/** @throws Problem `InvalidInput` */
export function readOptions(args: string[]): DemoOptions {
  const values = parse(args);
  const items = values.items ?? String(DEFAULT_ITEMS);
  if (!/^\d{3,7}$/.test(items) || Number(items) < LEAST_ITEMS) {
    throw new Problem(
      'InvalidInput',
      `--items must be a whole number of at least ${LEAST_ITEMS}, not "${items}".`,
    );
  }
  return {
    dir: resolve(values.dir ?? DEFAULT_DIR),
    items: Number(items),
    keepOpen: values['keep-open'] ?? false,
    help: values.help ?? false,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        dir: { type: 'string' },
        items: { type: 'string' },
        'keep-open': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    // the message of the parser names the option
    throw new Problem('InvalidInput', `${(error as Error).message}.`, {}, { cause: error });
  }
}
