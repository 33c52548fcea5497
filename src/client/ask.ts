/** Questions on the terminal. */
import { createInterface } from 'node:readline/promises';
import type { Interrupts } from './interrupts';

export type Answer = 'cancel' | 'leave' | 'keep';

const ANSWERS: Readonly<Record<string, Answer>> = { c: 'cancel', l: 'leave', k: 'keep' };

/** What to do on Ctrl-C. Another Ctrl-C, the end of the input, or another signal means: leave. */
export async function ask(embedded: boolean, interrupts: Interrupts): Promise<Answer> {
  const leave = embedded
    ? 'stop here; the same command goes on with it'
    : 'leave it running and end this command';
  const text = `\n  c  cancel the restore\n  l  ${leave}\n  k  keep watching\nWhat now? [c/l/k] `;
  return (await askOnTerminal(text, (line) => ANSWERS[line.slice(0, 1)], interrupts)) ?? 'leave';
}

/** Whether to do it; null on Ctrl-C, the end of the input, or another signal. Everything but a yes is a no. */
export function confirm(what: string, interrupts: Interrupts): Promise<boolean | null> {
  return askOnTerminal(`${what} [y/N] `, (line) => line === 'y' || line === 'yes', interrupts);
}

/**
 * Asks until there is an answer.
 * @param read what a line means, trimmed and in lower case; undefined: nothing
 * @returns null on Ctrl-C, the end of the input, or another signal
 */
async function askOnTerminal<T>(
  text: string,
  read: (line: string) => T | undefined,
  interrupts: Interrupts,
): Promise<T | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const given = new AbortController();
  const gone = new Promise<null>((resolve) => {
    terminal.on('SIGINT', () => resolve(null));
    terminal.on('close', () => resolve(null));
    void interrupts.next(Infinity).then(() => resolve(null));
  });
  const question = async (): Promise<T> => {
    for (;;) {
      const line = await terminal.question(text, { signal: given.signal });
      const answer = read(line.trim().toLowerCase());
      if (answer !== undefined) return answer;
    }
  };
  try {
    return await Promise.race([gone, question()]);
  } finally {
    given.abort();
    terminal.close();
    interrupts.release();
  }
}
