/** Where a command writes: results to standard output, everything else to standard error. */
import { printable } from '../report/format';

/** A line for people. Control characters, which names and messages may carry, are shown as escapes. */
export function say(line: string): void {
  process.stderr.write(`${line.split('\n').map(printable).join('\n')}\n`);
}

/** A part of the result. */
export function print(text: string): void {
  process.stdout.write(`${text.split('\n').map(printable).join('\n')}\n`);
}

/** The result as one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A word for a shell, in quotes when it needs them. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
