/** Writes messages as mail programs do: what people send each other, newsletters, and the odd ones out. */
import { attachment, type Attached, pdf } from './files';
import * as mime from './mime';
import type { Random } from './random';
import { letter, wrapped, wroteLine, type Language } from './texts';

export interface Envelope {
  readonly from: mime.Address;
  readonly to: readonly mime.Address[];
  readonly cc?: readonly mime.Address[];
  /** Epoch milliseconds. */
  readonly date: number;
  /** Of the sender, hours. */
  readonly zone: number;
  readonly subject: string;
  readonly language: Language;
  /** Message ids of the conversation so far, oldest first. */
  readonly references?: readonly string[];
  /** The text that is answered. */
  readonly quoted?: { readonly from: string; readonly lines: readonly string[] };
  readonly urgent?: boolean;
}

export interface Composed {
  readonly content: Buffer;
  readonly messageId: string;
  /** The text, for whoever answers. */
  readonly lines: readonly string[];
  readonly attached: boolean;
}

const EOL = '\r\n';
const MAILERS = ['Thunderbird 128.5', 'Apple Mail (2.3774)', 'Carbonio Web Client', 'K-9 Mail'];
const MOST_QUOTED = 25;
const MOST_REFERENCES = 12;

/** A message of one person to others. */
export function compose(random: Random, envelope: Envelope): Composed {
  const text = textOf(random, envelope, random.int(1, 6));
  const plain = mime.lines(...text);
  const part = textPartOf(random, plain, envelope.language);
  const alternative = random.chance(0.4);
  const body = alternative ? withHtml(random, part, text) : part;
  const attached = random.chance(0.14);
  return finish(
    random,
    envelope,
    text,
    attached ? withFiles(random, body, someFiles(random)) : body,
    attached,
  );
}

/** A message with one PDF of so many bytes. */
export function composeLarge(random: Random, envelope: Envelope, bytes: number): Composed {
  const text = textOf(random, envelope, 2);
  const body = mime.textPart(mime.lines(...text), 'plain', '8bit');
  const file = { name: 'Drawings.pdf', type: 'application/pdf', content: pdf(random, bytes) };
  return finish(random, envelope, text, withFiles(random, body, [file]), true);
}

/** HTML in quoted-printable, as campaigns are sent. */
export function composeNewsletter(random: Random, envelope: Envelope, issue: number): Composed {
  const text = textOf(random, envelope, random.int(8, 40));
  const rows = text.map(
    (line) => `<tr><td style="padding:4px 12px;font:14px/20px sans-serif">${escape(line)}</td></tr>`,
  );
  const page = html(
    `<table width="600" align="center" cellspacing="0">${EOL}${rows.join(EOL)}${EOL}</table>`,
  );
  const list: mime.Header[] = [
    ['List-Id', '<weekly.news.example.net>'],
    ['List-Unsubscribe', `<https://news.example.net/unsubscribe/${issue}/${random.hex(16)}>`],
    ['Precedence', 'bulk'],
  ];
  return finish(random, envelope, text, mime.textPart(page, 'html', 'quoted-printable'), false, list);
}

/** A message with a line that is longer than the server's validator allows: in the body, or in a header. */
export function composeLongLine(
  random: Random,
  envelope: Envelope,
  where: 'body' | 'header',
  bytes: number,
): Composed {
  const text = textOf(random, envelope, 2);
  if (where === 'header') {
    const report: mime.Header = ['X-Spam-Report', longText(random, bytes)];
    return finish(random, envelope, text, mime.textPart(mime.lines(...text), 'plain', '8bit'), false, [
      report,
    ]);
  }
  const page = `<html><body><p>${longText(random, bytes)}</p></body></html>`;
  return finish(random, envelope, text, mime.textPart(page, 'html', '8bit'), false);
}

function longText(random: Random, bytes: number): string {
  let text = '';
  while (text.length < bytes) text += `${random.hex(random.int(3, 9))} `;
  return text.slice(0, bytes).trimEnd();
}

function textOf(random: Random, { to, language, quoted, from }: Envelope, paragraphs: number): string[] {
  const {
    greeting,
    closing,
    paragraphs: body,
  } = letter(random, language, firstName(to[0]?.name ?? ''), paragraphs);
  const lines = [greeting, '', ...body.flatMap((paragraph) => [...wrapped(paragraph), ''])];
  lines.push(closing, from.name);
  if (!quoted) return lines;
  const old = quoted.lines
    .slice(0, MOST_QUOTED)
    .map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`));
  return [...lines, '', wroteLine(language, quoted.from), ...old];
}

const firstName = (name: string): string => name.split(' ')[0] ?? name;

function textPartOf(random: Random, text: string, language: Language): mime.Part {
  if (language === 'en')
    return mime.textPart(text, 'plain', random.chance(0.8) ? '7bit' : 'quoted-printable');
  if (language === 'ja' || language === 'el')
    return mime.textPart(text, 'plain', random.chance(0.5) ? 'base64' : '8bit');
  return mime.textPart(text, 'plain', random.chance(0.5) ? '8bit' : 'quoted-printable');
}

function withHtml(random: Random, plain: mime.Part, text: readonly string[]): mime.Part {
  const page = html(text.map((line) => (line === '' ? '<br>' : `<div>${escape(line)}</div>`)).join(EOL));
  const rich = mime.textPart(page, 'html', 'quoted-printable');
  return mime.multipart('alternative', boundary(random), [plain, rich]);
}

function withFiles(random: Random, body: mime.Part, files: readonly Attached[]): mime.Part {
  const parts = files.map(({ name, type, content }) => mime.attachmentPart(name, type, content));
  return mime.multipart('mixed', boundary(random), [body, ...parts]);
}

function someFiles(random: Random): Attached[] {
  const count = random.weighted([8, 2, 1]) + 1;
  const size = (): number => Math.round(Math.min(600_000, Math.max(600, random.logNormal(14_000, 1.3))));
  return Array.from({ length: count }, () => attachment(random, size()));
}

const html = (body: string): string =>
  mime.lines(
    '<!DOCTYPE html>',
    '<html><head><meta charset="utf-8">',
    '<style>body { font-family: sans-serif; color: #222 } table { border-collapse: collapse }</style>',
    `</head><body>`,
    body,
    '</body></html>',
  );

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const boundary = (random: Random): string => `=_${random.hex(24)}`;

function finish(
  random: Random,
  envelope: Envelope,
  lines: readonly string[],
  body: mime.Part,
  attached: boolean,
  more: readonly mime.Header[] = [],
): Composed {
  const { from, to, cc, date, zone, references } = envelope;
  const messageId = `<${random.hex(20)}.${Math.floor(date / 1000)}@${from.address.split('@')[1]}>`;
  const headers: mime.Header[] = [
    ['Return-Path', `<${from.address}>`],
    ['Received', received(random, envelope)],
    ['Date', mime.rfcDate(date, zone)],
    ['From', mime.headerAddress(from)],
    ['To', mime.headerAddresses(to)],
    ...(cc && cc.length > 0 ? [['Cc', mime.headerAddresses(cc)] as const] : []),
    ['Message-ID', messageId],
    ...(references && references.length > 0
      ? ([
          ['In-Reply-To', references.at(-1) ?? ''],
          ['References', mime.messageIds(references.slice(-MOST_REFERENCES))],
        ] as const)
      : []),
    ['Subject', mime.headerText(envelope.subject)],
    ...(envelope.urgent ? [['X-Priority', '1 (Highest)'] as const] : []),
    ['X-Mailer', random.pick(MAILERS)],
    ...more,
  ];
  const message = mime.assemble(headers, body);
  // messages that came by an old import have the line ends of Unix
  const content = Buffer.from(random.chance(0.02) ? message.replaceAll(EOL, '\n') : message);
  return { content, messageId, lines, attached };
}

function received(random: Random, { from, date }: Envelope): string {
  const host = `mx${random.int(1, 4)}.${from.address.split('@')[1]}`;
  const id = random.hex(12).toUpperCase();
  return mime.lines(
    `from ${host} (${host} [192.0.2.${random.int(1, 250)}])`,
    `\tby mail.example.com (Postfix) with ESMTPS id ${id};`,
    `\t${mime.rfcDate(date + random.int(1, 90) * 1000, 0)}`,
  );
}
