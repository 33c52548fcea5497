/** How the executables speak to the daemon: one line of JSON for the question, lines of JSON for the answer. */
import { connect } from 'node:net';

export interface Question {
  readonly ask: 'carbonio' | 'reload';
  readonly argv: readonly string[];
  readonly uid: number;
  readonly cwd: string;
}
/** Parts of what is printed, then the exit code. */
export type Part = { readonly out: string } | { readonly err: string } | { readonly exit: number };

const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTDIR']);

/**
 * @param dir folder of the stand-in; becomes the working folder, because names of sockets must be short
 * @returns the exit code; null when no daemon answers, or it went away before it had said one
 */
export function ask(dir: string, question: Question, onPart: (part: Part) => void): Promise<number | null> {
  process.chdir(dir);
  return new Promise((resolve, reject) => {
    let code: number | null = null;
    let rest = '';
    const socket = connect('control.sock');
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(`${JSON.stringify(question)}\n`));
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const part = JSON.parse(line) as Part;
        if ('exit' in part) code = part.exit;
        else onPart(part);
      }
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? '')) resolve(null);
      else reject(error);
    });
    socket.once('close', () => resolve(code));
  });
}
