/** A real SMTP server on loopback that keeps what it receives. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Received {
  readonly from: string;
  readonly to: string[];
  readonly raw: string;
}

export interface Smtp {
  readonly port: number;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** @param settled what the answer to a mail waits for, once the mail is there */
export async function openSmtp(
  options: SMTPServerOptions = {},
  settled: (mail: Received) => Promise<void> = async () => undefined,
): Promise<Smtp> {
  const received: Received[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail = {
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map((r) => r.address),
          raw: Buffer.concat(chunks).toString('utf8'),
        };
        received.push(mail);
        void settled(mail).then(() => done());
      });
    },
    ...options,
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.server.address() as AddressInfo;
  return { port, received, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

export async function withSmtp(
  options: SMTPServerOptions,
  body: (port: number, received: readonly Received[]) => Promise<void>,
): Promise<void> {
  const server = await openSmtp(options);
  try {
    await body(server.port, server.received);
  } finally {
    await server.close();
  }
}

/** A port that takes connections and never says a word. */
export async function withSilence(body: (port: number) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** A port of this machine on which nothing listens. */
export async function closedPort(): Promise<number> {
  let port = 0;
  await withSilence((open) => {
    port = open;
    return Promise.resolve();
  });
  return port;
}

/** Value of a header, unfolded. */
export function header(mail: Received | undefined, name: string): string | undefined {
  const [head = ''] = (mail?.raw ?? '').split('\r\n\r\n');
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head.replace(/\r\n[ \t]+/g, ' '))?.[1];
}
