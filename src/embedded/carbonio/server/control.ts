/** The socket on which the executables ask the daemon. */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { carbonio } from '../commands/frame';
import type { Host } from '../host';
import type { Part, Question } from '../wire';

/** The working folder must be that of the stand-in: names of sockets must be short. */
export function serveControl(host: Host): Promise<Server> {
  // of a daemon that was killed; two daemons are kept apart by the lock in main.ts
  rmSync('control.sock', { force: true });
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (more: string) => {
      if (text.includes('\n')) return;
      text += more;
      if (text.includes('\n')) void answer(host, socket, text);
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen('control.sock', () => resolve(server));
  });
}

async function answer(host: Host, socket: Socket, line: string): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const say = (part: Part): void => {
    if (socket.writable) socket.write(`${JSON.stringify(part)}\n`);
  };
  let code = 1;
  try {
    const { ask, argv, uid, cwd } = JSON.parse(line) as Question;
    if (ask === 'reload') {
      const why = host.reload();
      if (why !== null) say({ err: why });
      code = why === null ? 0 : 1;
    } else {
      const [out, err] = [(text: string) => say({ out: text }), (text: string) => say({ err: text })];
      code = await carbonio(host, { argv, uid, cwd, gone: gone.signal, out, err });
    }
  } catch (error) {
    host.log(`question ${line.trim()}`, error);
    say({ err: `internal error: ${(error as Error).message}\n` });
  }
  say({ exit: code });
  socket.end();
}
