/** Sends the mails of an operation to administrators. Telling never stops a restore: nothing here throws. */
import { createTransport } from 'nodemailer';
import { printable } from '../report/format';
import type { NotificationResult } from '../report/model';
import { readAttachments } from './attachments';
import { messageOf } from './message';
import { uniqueRecipients } from './recipients';
import { scrub } from './scrub';
import { parseSmtpUrl, type SmtpServer } from './smtp-url';

export interface MailerConfig {
  /** `smtp://` or `smtps://` URL (see {@link parseSmtpUrl}); null: no mail is sent. */
  readonly url: string | null;
  /** Sender, such as `lifeboat@example.com` or `Lifeboat <lifeboat@example.com>`. */
  readonly from: string;
  /** Told of everything, beside the recipients of each mail. */
  readonly admins: readonly string[];
  /** Longest silence of the server, milliseconds, in each step. Default 20,000. */
  readonly timeoutMs?: number;
}

export interface OutgoingMail {
  readonly event: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** Paths of files; what is missing or too large (5 MiB in all) is named in the text instead. */
  readonly attachments?: readonly string[];
}

export interface Mailer {
  /**
   * Sends one mail to `to` and the administrators, each once. Never throws: the outcome is `sent`, `sent to n
   * of m` with who was refused and why, or `not sent` with the reason, never with credentials in it.
   */
  send(mail: OutgoingMail): Promise<NotificationResult>;
}

export function createMailer(config: MailerConfig): Mailer {
  const server = serverOf(config.url);
  return {
    async send(mail) {
      const { valid, invalid } = uniqueRecipients([...config.admins, ...mail.to]);
      const result = (outcome: string): NotificationResult => ({
        event: mail.event,
        to: [...valid, ...invalid.map(printable)],
        outcome,
      });
      if (typeof server === 'string') return result(`not sent: ${server}`);
      if (valid.length === 0 && invalid.length === 0) return result('not sent: there is nobody to tell');
      const refused = invalid.map((address) => `${printable(address)} (not a mail address)`);
      if (valid.length === 0) return result(`not sent: ${refused.join(', ')}`);
      const clean = (error: unknown) => scrub(messageOf(error), server.auth);
      try {
        const info = await deliver(server, config, mail, valid);
        refused.push(...info.rejected.map(({ recipient, error }) => `${recipient} (${clean(error)})`));
        if (refused.length === 0) return result('sent');
        const all = valid.length + invalid.length;
        return result(
          `sent to ${valid.length - info.rejected.length} of ${all}; refused: ${refused.join(', ')}`,
        );
      } catch (error) {
        const also = refused.length === 0 ? '' : `; refused: ${refused.join(', ')}`;
        return result(`not sent: ${place(server)}: ${clean(error)}${also}`);
      }
    },
  };
}

/** Which server an error comes from; nodemailer's own words (`Timeout`) do not say. */
function place({ host, port }: SmtpServer): string {
  return `mail server ${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The server, or why there is none. */
function serverOf(url: string | null): SmtpServer | string {
  if (url === null || url.trim() === '') return 'no SMTP server is configured (LIFEBOAT_SMTP_URL)';
  try {
    return parseSmtpUrl(url);
  } catch (error) {
    return `LIFEBOAT_SMTP_URL cannot be used: ${messageOf(error)}`;
  }
}

interface Rejection {
  readonly recipient: string;
  readonly error: unknown;
}

/** Hands the mail over. Throws when no recipient was accepted. */
async function deliver(
  server: SmtpServer,
  config: MailerConfig,
  mail: OutgoingMail,
  to: readonly string[],
): Promise<{ rejected: Rejection[] }> {
  const { files, leftOut } = await readAttachments(mail.attachments ?? []);
  const timeout = config.timeoutMs ?? 20_000;
  const transport = createTransport({
    host: server.host,
    port: server.port,
    secure: server.secure,
    requireTLS: server.requireTLS,
    ignoreTLS: server.ignoreTLS,
    tls: { rejectUnauthorized: server.rejectUnauthorized },
    ...(server.auth === null ? {} : { auth: { ...server.auth } }),
    dnsTimeout: timeout,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const info: unknown = await transport.sendMail({
      from: printable(config.from),
      // Objects, not text: an address is never read as a list of addresses.
      to: to.map((address) => ({ name: '', address })),
      subject: printable(mail.subject),
      text: leftOut.length === 0 ? mail.text : `${mail.text}\n${leftOut.join('\n')}\n`,
      attachments: [...files],
      // Told to machines: do not answer with a holiday note.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    });
    return { rejected: rejections(info) };
  } finally {
    transport.close();
  }
}

/** Nodemailer's result names the refused recipients in a field that its types leave out. */
function rejections(info: unknown): Rejection[] {
  if (typeof info !== 'object' || info === null || !('rejectedErrors' in info)) return [];
  const errors: unknown[] = Array.isArray(info.rejectedErrors) ? info.rejectedErrors : [];
  return errors.map((error) => ({
    recipient:
      typeof error === 'object' && error !== null && 'recipient' in error
        ? String(error.recipient)
        : 'unknown',
    error,
  }));
}
