/** An HTTP server before another one, which keeps what was asked and answered. */
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Exchange {
  readonly path: string;
  readonly body: Buffer;
  readonly answer: Buffer;
}

export class Recorder {
  /** In the order of their answers. */
  readonly exchanges: Exchange[] = [];
  #server: Server | undefined;

  constructor(private readonly to: number) {}

  async start(): Promise<number> {
    const server = (this.#server = createServer((asked, reply) => {
      this.#pass(asked).then(
        ({ status, answer }) => reply.writeHead(status).end(answer),
        () => asked.socket.destroy(),
      );
    }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async #pass(asked: IncomingMessage): Promise<{ status: number; answer: Buffer }> {
    const { method, url: path = '' } = asked;
    // a kept connection may be closed just when the next request is sent
    const headers = { ...asked.headers, connection: 'close' };
    const body = await whole(asked);
    const answered = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.to, method, path, headers };
      request(options, resolve).once('error', reject).end(body);
    });
    const answer = await whole(answered);
    this.exchanges.push({ path, body, answer });
    return { status: answered.statusCode ?? 0, answer };
  }
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
