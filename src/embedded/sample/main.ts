/**
 * Makes a sample Backup Path, for trying things by hand:
 *
 *   node dist/embedded/sample/main.js DIR [--items 3000] [--accounts 14] [--seed 1]
 */
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { explain, Problem } from '../../failures';
import { countByType } from './facts';
import { makeSample } from './make-sample';

const USAGE = 'Usage: node dist/embedded/sample/main.js DIR [--items N] [--accounts N] [--seed N]';
const TEXT = { type: 'string' } as const;

function number(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new Problem('InvalidInput', `--${name} must be a whole number, not "${value}".`);
}

function main(args: string[]): number {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { items: TEXT, accounts: TEXT, seed: TEXT },
  });
  const [dir, ...more] = positionals;
  if (dir === undefined || more.length > 0) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const [items, accounts, seed] = [
    number('items', values.items),
    number('accounts', values.accounts),
    number('seed', values.seed),
  ];
  const facts = makeSample(resolve(dir), {
    ...(items === undefined ? {} : { items }),
    ...(accounts === undefined ? {} : { accounts }),
    ...(seed === undefined ? {} : { seed }),
  });
  const types = Object.entries(countByType(facts.items)).map(([type, count]) => `${count} ${type}`);
  const defects = facts.defects.map(
    ({ kind, account, item, what }) => `  ${kind}: ${account} ${item}, ${what}`,
  );
  const lines = [
    `${facts.root}: ${facts.accounts.length} accounts, ${types.join(', ')}`,
    'Planted defects:',
    ...defects,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const text = error instanceof Problem ? explain(error.type, error.message) : (error as Error).message;
  process.stderr.write(`${text}\n`);
  process.exitCode = 2;
}
