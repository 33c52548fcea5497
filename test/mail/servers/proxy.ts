/** A TCP proxy that cuts connections where a test wants it. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class CuttingProxy {
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  /** Bytes from clients that still go through, over all connections; then every one is cut, once. */
  cutAfter = Infinity;
  /** So many APPEND commands on one connection; then the server's farewell and the end. */
  appendsPerConnection = Infinity;
  cuts = 0;
  /** Changes what the server says on its way; null: the connection is cut instead. */
  answers: ((data: Buffer, connection: number) => Buffer | string | null) | null = null;
  /** Changes what clients send. */
  requests: ((data: Buffer, connection: number) => Buffer) | null = null;
  #connections = 0;

  constructor(private readonly to: number) {}

  async start(host = '127.0.0.1'): Promise<number> {
    this.#server = createServer((client) => this.#join(client));
    await new Promise<void>((resolve) => this.#server?.listen(0, host, resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  #join(client: Socket): void {
    const server = connect(this.to, '127.0.0.1');
    const connection = ++this.#connections;
    let appends = 0;
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', end).on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    server.on('data', (data: Buffer) => {
      const answer = this.answers === null ? data : this.answers(data, connection);
      if (answer !== null) return void client.write(answer);
      this.cuts++;
      end();
    });
    client.on('data', (sent: Buffer) => {
      const data = this.requests === null ? sent : this.requests(sent, connection);
      if (this.cutAfter < data.length) {
        // half of what came last still arrives: the server is in the middle of a command
        server.write(data.subarray(0, this.cutAfter), end);
        this.cutAfter = Infinity;
        this.cuts++;
        return;
      }
      this.cutAfter -= data.length;
      appends += data.toString('latin1').split(/^L\d+ APPEND /m).length - 1;
      if (appends > this.appendsPerConnection) {
        this.cuts++;
        appends = -Infinity;
        server.destroy();
        client.end('* BYE too many repeated APPEND requests, dropping connection\r\n');
        return;
      }
      server.write(data);
    });
  }
}

/** What clients send through a proxy, all of it, and a way to change it. */
export class Tap {
  sent = '';
  change: (text: string) => string = (text) => text;

  constructor(proxy: CuttingProxy) {
    proxy.requests = (data) => {
      const text = data.toString('latin1');
      this.sent += text;
      return Buffer.from(this.change(text), 'latin1');
    };
  }
}
