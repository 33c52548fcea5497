/**
 * Whether the mail server takes a message with a line of a given length: no command shows the live value of its limit,
 * so a delivery has to prove it. Facts: mail-server reference, sections 2 and 4 (observed on a server built from source).
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { Problem } from '../failures';
import { oneLine } from './parse/excerpt';

export interface ProbeRequest {
  readonly host: string;
  readonly port: number;
  /** A mailbox for tests: each accepted probe is a message in it. */
  readonly recipient: string;
  /** Bytes of the longest line, without its end; 200 to 4 MiB. */
  readonly lineLength: number;
  /** Stands in the subject, so that the message can be found again: a UUID of its own. */
  readonly token: string;
  /** Longest silence in each step, milliseconds. Default 20,000. */
  readonly timeoutMs?: number;
}

/** `refused` is the validator's answer: such lines are invalid. */
export type ProbeAnswer = 'accepted' | 'refused';

/** Lines that a probe can have, bytes. */
export const SHORTEST_PROBE = 200;
export const LONGEST_PROBE = 4 * 1024 * 1024;

/**
 * Delivers one message over LMTP. Its Message-ID must be new each time: a known one would be dropped with the same answer.
 * "Accepted" proves the limit, not that it was stored.
 *
 * @throws Problem `HostUnavailable` when the server cannot be reached, is silent or answers 4xx; `ProbeRefused` for any
 * other refusal, such as an unknown recipient; `InvalidInput`
 */
export async function probeLineLength(request: ProbeRequest): Promise<ProbeAnswer> {
  const { recipient, lineLength, token } = request;
  if (!/^[\x21-\x7e]+@[A-Za-z0-9.-]+$/.test(recipient) || /[<>]/.test(recipient)) {
    throw new Problem('InvalidInput', 'The recipient of the probe is not a mail address.');
  }
  if (!Number.isInteger(lineLength) || lineLength < SHORTEST_PROBE || lineLength > LONGEST_PROBE) {
    throw new Problem(
      'InvalidInput',
      `The line of the probe has ${SHORTEST_PROBE} to ${LONGEST_PROBE} bytes.`,
    );
  }
  try {
    await deliver(request, probeMessage(recipient, lineLength, token));
    return 'accepted';
  } catch (error) {
    if (isValidator(error as DeliveryError)) return 'refused';
    throw asProblem(error as DeliveryError, request);
  }
}

/** The same words answer a bad BODY parameter of MAIL, so it counts after the data only. */
function isValidator({ responseCode, response, afterData }: DeliveryError): boolean {
  return afterData === true && responseCode === 501 && /^501[ -]5\.5\.4\b/.test(response ?? '');
}

interface DeliveryError extends Error {
  code?: string;
  response?: string;
  responseCode?: number;
  afterData?: boolean;
}

async function deliver(
  { host, port, recipient, timeoutMs = 20_000 }: ProbeRequest,
  message: Buffer,
): Promise<void> {
  const connection = new SMTPConnection({
    host,
    port,
    lmtp: true,
    // nothing in it is secret, and the certificate of a loopback address proves nothing
    ignoreTLS: true,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.on('error', reject);
      connection.once('end', () => reject(new Error('The connection was closed.')));
      connection.connect((error) => {
        if (error) return reject(error);

        connection.send({ from: '', to: [recipient] }, message, (failure, info) => {
          if (!failure && info?.rejected.length === 0) return resolve();
          // refused before the data: an error; after it: no error, and the last answer
          reject(refusal(failure, info));
        });
      });
    });
    connection.quit();
  } finally {
    connection.close();
  }
}

function refusal(failure: DeliveryError | null, info: { response: string } | undefined): Error {
  if (failure) return failure;
  const response = info?.response ?? '';
  const responseCode = Number(/^\d{3}/.exec(response)?.[0] ?? NaN);
  return Object.assign(new Error('The message was refused.'), { response, responseCode, afterData: true });
}

function asProblem(error: DeliveryError, { host, port }: ProbeRequest): Problem {
  const { responseCode, response } = error;
  const where = `${host}:${port}`;
  if (responseCode !== undefined && responseCode >= 500) {
    return new Problem('ProbeRefused', `${where} refuses the probe: ${oneLine(response ?? '')}.`, {
      responseCode,
    });
  }
  return new Problem('HostUnavailable', `The LMTP server ${where}: ${oneLine(response ?? error.message)}.`);
}

/** Its longest line has exactly `length` bytes; all others are shorter than 200. */
export function probeMessage(recipient: string, length: number, token: string): Buffer {
  const lines = [
    'From: Lifeboat <lifeboat@localhost>',
    `To: <${recipient.slice(0, 150)}>`,
    `Subject: Lifeboat: probe of the line limit ${token}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${token}@lifeboat.invalid>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'x'.repeat(length),
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}
