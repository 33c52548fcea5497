/** Command lines of the mail host as lists of words, never through a shell. */
import { basename } from 'node:path';
import { Problem } from '../failures';

/** A program and the arguments that always come first, such as `ssh mailhost carbonio`. */
export interface HostCommand {
  readonly program: string;
  readonly leading: readonly string[];
}

/** One argument. What is marked secret is run as it is and shown as `***`. */
export type Argument = string | { readonly secret: string };

/** The kernel takes 131,072 bytes an argument, with its end (MAX_ARG_STRLEN), and about 2 MiB for all of them. */
const LONGEST_ARGUMENT = 131_071;
const LONGEST_COMMAND = 1_500_000;

/**
 * Splits at spaces. There is no quoting: a word cannot hold a space.
 * @throws Problem `InvalidInput` when there is no word, or a control character
 */
export function parseCommand(text: string): HostCommand {
  const [program, ...leading] = text.split(' ').filter((word) => word !== '');
  if (program === undefined) throw new Problem('InvalidInput', 'The command is empty.');
  [program, ...leading].forEach(checkArgument);
  return { program, leading };
}

/**
 * All arguments of a call, checked. Where a word of the command is `ssh`, they are quoted for the shell at its other
 * end: ssh joins its arguments and lets that shell split them again.
 * @throws Problem `InvalidInput` for control characters and for what is too long; never repeats a value
 */
export function commandArguments(command: HostCommand, args: readonly Argument[]): string[] {
  const plain = args.map(reveal);
  plain.forEach(checkArgument);
  const remote = [command.program, ...command.leading].some((word) => basename(word) === 'ssh');
  const all = [...command.leading, ...(remote ? plain.map(quote) : plain)];
  if (all.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0) > LONGEST_COMMAND) {
    throw new Problem('InvalidInput', 'The arguments of the command are too long together.');
  }
  return all;
}

/** For the log and for messages. */
export function showCommand({ program, leading }: HostCommand, args: readonly Argument[]): string {
  const shown = args.map((arg) => (typeof arg === 'string' ? shorten(arg) : '***'));
  return [program, ...leading, ...shown].join(' ');
}

const shorten = (arg: string): string => (arg.length <= 200 ? arg : `${arg.slice(0, 200)}…`);

export const reveal = (arg: Argument): string => (typeof arg === 'string' ? arg : arg.secret);

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

function checkArgument(word: string): void {
  if (/\p{Cc}/u.test(word)) {
    throw new Problem('InvalidInput', 'An argument of a command holds a control character or a line break.');
  }
  if (Buffer.byteLength(word) > LONGEST_ARGUMENT) {
    throw new Problem(
      'InvalidInput',
      `An argument of a command is longer than ${LONGEST_ARGUMENT} bytes; long lists go into a file (input_file).`,
    );
  }
}
