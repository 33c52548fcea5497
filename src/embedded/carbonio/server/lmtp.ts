/**
 * The LMTP server, with the answers of a real one: the validator, refused users, quotas, and silent deduplication by
 * Message-ID. The protocol is smtp-server's; its words are replaced.
 */
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import type { AddressInfo } from 'node:net';
import { LineLength } from '../../../mail/maildir/line-length';
import type { Host } from '../host';
import type { Account } from '../mailboxes';
import { realTimeScan } from '../operations/scan';

/** Messages that a mailbox remembers to know a second one again; in memory, as in the server. */
const REMEMBERED = 3000;
const LARGEST = 64 * 1024 * 1024;

interface Connection {
  readonly session: SMTPServerSession;
  send(code: number, data: unknown, context?: unknown): void;
  close(): void;
}

export async function serveLmtp(host: Host): Promise<{ port: number; close(): Promise<void> }> {
  const desk = new Desk(host);
  const server: SMTPServer = new SMTPServer({
    ...{ lmtp: true, name: `${host.settings.host} Zimbra`, banner: 'server ready', size: LARGEST },
    ...{ authOptional: true, disabledCommands: ['AUTH'], disableReverseLookup: true, logger: false },
    // every code is in the texts below
    hideENHANCEDSTATUSCODES: true,
    onConnect: (session, callback) => {
      for (const connection of server.connections as Set<Connection>)
        if (connection.session === session) speakAsCarbonio(connection, host.settings.host);
      callback();
    },
    onRcptTo: ({ address }, _session, callback) =>
      callback(desk.find(address) === undefined ? refusal(550, '5.1.1 No such user here') : undefined),
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => {
        const recipients = session.envelope.rcptTo.map(({ address }) => address);
        const from = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address;
        void host.faults.late('lmtp data').then(() => {
          const answers = recipients.map((address) => desk.deliver(address, from, Buffer.concat(chunks)));
          // one answer a recipient
          callback(null, answers);
        });
      });
    },
  });
  server.on('error', (error) => host.log('lmtp', error));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(host.settings.lmtpPort, '127.0.0.1', resolve);
  });
  const { port } = server.server.address() as AddressInfo;
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
}

class Refused extends Error {
  constructor(
    readonly responseCode: number,
    message: string,
  ) {
    super(message);
  }
}
const refusal = (code: number, text: string): Error => new Refused(code, text);

/** Text of smtp-server to text of Carbonio. */
const WORDS: readonly (readonly [code: number, pattern: RegExp, text: string])[] = [
  [503, /LHLO/, '5.5.1 Need LHLO command'],
  [501, /BODY/, '5.5.4 Syntax error in BODY parameter'],
  [221, /./, '2.0.0 closing connection'],
];

function speakAsCarbonio(connection: Connection, host: string): void {
  const send = connection.send.bind(connection);
  connection.send = (code, data, context) => {
    if (code === 250 && Array.isArray(data)) {
      const features = ['8BITMIME', 'ENHANCEDSTATUSCODES', 'STARTTLS', `SIZE ${LARGEST}`, 'PIPELINING'];
      return send(code, [host, ...features], false);
    }
    if (code === 250 && context === 'MAIL_FROM_OK') return send(code, '2.0.0 Sender OK', false);
    if (code === 250 && context === 'RCPT_TO_OK') return send(code, '2.1.5 Recipient OK', false);
    if (code === 354) return send(code, 'End data with <CR><LF>.<CR><LF>', false);
    const text = String(data);
    const words = WORDS.find(([of, pattern]) => of === code && pattern.test(text))?.[2];
    send(code, words ?? text, false);
    if (code === 503 && /LHLO/.test(text)) connection.close();
  };
}

class Desk {
  private readonly seen = new Map<string, string[]>();

  constructor(private readonly host: Host) {}

  find(address: string): Account | undefined {
    return this.host.mailboxes.find(address);
  }

  /** The answer to one recipient, after the data. */
  deliver(address: string, from: string, data: Buffer): string | Error {
    const account = this.find(address);
    if (account === undefined) return refusal(550, '5.1.1 No such user here');
    const { host } = this;
    const received = `Received: from localhost (LHLO localhost) (127.0.0.1) by ${host.settings.host} with LMTP; ${new Date().toUTCString()}`;
    const message = Buffer.concat([Buffer.from(`Return-Path: ${from}\r\n${received}\r\n`), data]);
    const limit = host.live.maxLineLength;
    if (limit !== null && longest(message, limit) > 0)
      return refusal(501, '5.5.4 Syntax error in BODY parameter');
    const quota = host.quotas.isLifted(account.name) ? 0 : host.mailboxes.quota(account);
    if (quota > 0 && host.mailboxes.usedBytes(account) + message.length > quota)
      return refusal(552, '5.2.2 Over quota');
    if (!this.isDuplicate(account, data)) {
      host.mailboxes.deliver(account, message);
      realTimeScan(host, account);
    }
    return '2.1.5 Delivery OK';
  }

  /** Answered like a delivery: nothing tells the sender. */
  private isDuplicate({ id }: Account, data: Buffer): boolean {
    const header =
      data
        .subarray(0, 64 * 1024)
        .toString('latin1')
        .split(/\r?\n\r?\n/, 1)[0] ?? '';
    const messageId = /^message-id:\s*(\S+)/im.exec(header)?.[1];
    if (messageId === undefined) return false;
    const known = this.seen.get(id) ?? [];
    if (known.includes(messageId)) return true;
    this.seen.set(id, [...known, messageId].slice(-REMEMBERED));
    return false;
  }
}

function longest(message: Buffer, limit: number): number {
  const lines = new LineLength(limit);
  lines.add(message);
  return lines.tooLong;
}
