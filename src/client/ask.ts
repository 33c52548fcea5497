/** What to do on Ctrl-C, asked on the terminal. */
import { createInterface } from 'node:readline/promises';
import type { Interrupts } from './interrupts';

export type Answer = 'cancel' | 'leave' | 'keep';

const ANSWERS: Readonly<Record<string, Answer>> = { c: 'cancel', l: 'leave', k: 'keep' };

/** Another Ctrl-C, the end of the input, or another signal means: leave. */
export async function ask(embedded: boolean, interrupts: Interrupts): Promise<Answer> {
  const leave = embedded
    ? 'stop here; the same command goes on with it'
    : 'leave it running and end this command';
  const text = `\n  c  cancel the restore\n  l  ${leave}\n  k  keep watching\nWhat now? [c/l/k] `;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const given = new AbortController();
  const gone = new Promise<Answer>((resolve) => {
    terminal.on('SIGINT', () => resolve('leave'));
    terminal.on('close', () => resolve('leave'));
    void interrupts.next(Infinity).then(() => resolve('leave'));
  });
  try {
    return await Promise.race([gone, question(terminal, text, given.signal)]);
  } finally {
    given.abort();
    terminal.close();
    interrupts.release();
  }
}

async function question(
  terminal: ReturnType<typeof createInterface>,
  text: string,
  signal: AbortSignal,
): Promise<Answer> {
  for (;;) {
    const answer = ANSWERS[(await terminal.question(text, { signal })).trim().toLowerCase().slice(0, 1)];
    if (answer) return answer;
  }
}
