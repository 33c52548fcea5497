import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { probeLineLength } from '../../src/carbonio/lmtp-probe';
import { failure } from './kit';

interface Answers {
  mail?: string;
  rcpt?: string;
  data?: string;
  /** After the final dot, by the longest line; null closes the connection. */
  end?: (longest: number) => string | null;
  silent?: boolean;
}

/** Answers as Carbonio does (observed), byte by byte, on a real socket. */
async function withLmtp(
  answers: Answers,
  body: (port: number, got: Buffer[]) => Promise<void>,
): Promise<void> {
  const got: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (answers.silent) return;
    const say = (line: string) => socket.write(`${line}\r\n`);
    let rest = Buffer.alloc(0);
    let inData = false;
    say('220 mail.example.com Zimbra LMTP server ready');
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const mark = inData ? '\r\n.\r\n' : '\r\n';
        const at = rest.indexOf(mark);
        if (at < 0) return;
        const part = rest.subarray(0, at);
        rest = rest.subarray(at + mark.length);
        const word = part.toString('latin1').slice(0, 4).toUpperCase();
        if (inData) {
          inData = false;
          got.push(Buffer.from(part));
          const longest = Math.max(
            ...part
              .toString('latin1')
              .split(/[\r\n]/)
              .map((line) => line.length),
          );
          const answer = (answers.end ?? (() => '250 2.1.5 Delivery OK'))(longest);
          if (answer === null) return void socket.destroy();
          say(answer);
        } else if (word === 'LHLO')
          say(
            '250-mail.example.com\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-STARTTLS\r\n250-SIZE\r\n250 PIPELINING',
          );
        else if (word === 'MAIL') say(answers.mail ?? '250 2.0.0 Sender OK');
        else if (word === 'RCPT') say(answers.rcpt ?? '250 2.1.5 Recipient OK');
        else if (word === 'DATA') {
          inData = answers.data === undefined;
          say(answers.data ?? '354 End data with <CR><LF>.<CR><LF>');
        } else say('221 2.0.0 bye');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body((server.address() as AddressInfo).port, got);
  } finally {
    sockets.forEach((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

const INVALID = '501 5.5.4 Syntax error in BODY parameter';
const probe = (port: number, lineLength = 10_241, timeoutMs = 5_000) =>
  probeLineLength({
    host: '127.0.0.1',
    port,
    recipient: 'scratch@example.com',
    lineLength,
    timeoutMs,
    token: randomUUID(),
  });

test('the longest line has exactly the length that was asked for', async () => {
  const validator = (longest: number) => (longest > 10_240 ? INVALID : '250 2.1.5 Delivery OK');
  await withLmtp({ end: validator }, async (port, got) => {
    expect([await probe(port, 10_240), await probe(port, 10_241)]).toEqual(['accepted', 'refused']);
    const lines = got.map((message) => message.toString('latin1').split('\r\n'));
    expect(lines.map((of) => Math.max(...of.map((line) => line.length)))).toEqual([10_240, 10_241]);
    const ids = lines.map((of) => of.find((line) => line.startsWith('Message-ID: ')));
    expect(new Set(ids).size).toBe(2);
  });
});

test.each<[string, Answers, string]>([
  ['an unknown recipient', { rcpt: '550 5.1.1 No such user here' }, 'ProbeRefused'],
  ['the same words before the data', { mail: INVALID }, 'ProbeRefused'],
  ['the same words for a recipient', { rcpt: INVALID }, 'ProbeRefused'],
  ['the same words for the command DATA', { data: INVALID }, 'ProbeRefused'],
  ['another refusal after the data', { end: () => '552 5.2.2 Over quota' }, 'ProbeRefused'],
  ['another 501 after the data', { end: () => '501 5.5.2 What?' }, 'ProbeRefused'],
  [
    'a mailbox in maintenance',
    { rcpt: '450 4.2.1 Mailbox disabled, not accepting messages' },
    'HostUnavailable',
  ],
  [
    'a passing failure',
    { end: () => '451 4.0.0 Temporary message delivery failure try again' },
    'HostUnavailable',
  ],
  ['a connection that ends', { end: () => null }, 'HostUnavailable'],
])('%s is a failure', async (_, answers, type) => {
  await withLmtp(answers, async (port) => expect((await failure(probe(port))).type).toBe(type));
});

test('silence, and nobody there', async () => {
  let closed = 0;
  await withLmtp({ silent: true }, async (port) => {
    expect((await failure(probe(port, 10_241, 300))).type).toBe('HostUnavailable');
    closed = port;
  });
  expect((await failure(probe(closed))).type).toBe('HostUnavailable');
});

test('addresses and lengths that cannot be', async () => {
  const request = { host: '127.0.0.1', port: 1, recipient: 'a@b.c', lineLength: 10_241, token: 't' };
  for (const wrong of [
    { recipient: 'a@b.c>\r\nDATA' },
    { recipient: 'a' },
    { lineLength: 10 },
    { lineLength: 1e9 },
  ]) {
    expect((await failure(probeLineLength({ ...request, ...wrong }))).type).toBe('InvalidInput');
  }
});
