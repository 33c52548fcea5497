/** The command line `lifeboat`, as a function. */
import { CommanderError } from 'commander';
import type { Described } from './describe-error';
import { EXIT } from './exit-codes';
import { printJson, say } from './output';
import { createProgram } from './program';

/**
 * @param argv the arguments without node and script
 * @returns the exit code; see exit-codes.ts
 */
export async function main(argv: string[]): Promise<number> {
  endQuietlyWhenNobodyReads();
  let code: number = EXIT.done;
  try {
    await createProgram((given) => (code = given)).parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return report(error, argv);
  }
}

async function report(error: unknown, argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  if (error instanceof CommanderError) {
    // commander has said it, on standard error, or on standard output what was asked for
    if (error.exitCode === 0) return EXIT.done;
    const message = error.message.replace(/^error: /, '');
    if (json) await printFailure(argv, { type: 'Usage', message, remedy: null });
    return EXIT.usage;
  }
  const { describeError } = await import('./describe-error.js');
  const { exitCode, ...failure } = describeError(error);
  say(`lifeboat: ${failure.message}`);
  if (process.env.LIFEBOAT_DEBUG === '1' && error instanceof Error) showOrigin(error);
  if (json) await printFailure(argv, failure);
  return exitCode;
}

/** Commands whose answer is that of a restore, also when it is none. */
const RESTORES: ReadonlySet<string> = new Set([
  'restore',
  'retry',
  'restore-account',
  'undelete',
  'restore-item',
]);

async function printFailure(argv: readonly string[], failure: Omit<Described, 'exitCode'>): Promise<void> {
  const command = argv.find((word) => !word.startsWith('-')) ?? '';
  if (!RESTORES.has(command)) return printJson({ error: failure });
  const { failedJson } = await import('./restore-result.js');
  printJson(failedJson(failure.type, failure.message));
}

function showOrigin(error: Error): void {
  for (let e: unknown = error; e instanceof Error; e = e.cause) say(e.stack ?? e.message);
}

/** `lifeboat ... | head`: the reader has gone, which is no failure of ours. */
function endQuietlyWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.done);
  });
}
