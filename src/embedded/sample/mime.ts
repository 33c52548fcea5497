/** Building blocks of a message as RFC 5322 and MIME have them. Lines end with CR LF. */

const EOL = '\r\n';
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export type Header = readonly [name: string, value: string];

export interface Part {
  readonly headers: readonly Header[];
  /** Encoded, ready to be sent. */
  readonly body: string;
}

export type Encoding = '7bit' | '8bit' | 'quoted-printable' | 'base64';

const pad = (n: number): string => String(n).padStart(2, '0');

/** `Mon, 2 Mar 2026 08:15:00 +0100`; `zone` in hours. */
export function rfcDate(time: number, zone: number): string {
  const local = new Date(time + zone * 3_600_000);
  const clock = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(pad).join(':');
  const day = `${DAYS[local.getUTCDay()]}, ${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]}`;
  const offset = `${zone < 0 ? '-' : '+'}${pad(Math.abs(zone))}00`;
  return `${day} ${local.getUTCFullYear()} ${clock} ${offset}`;
}

/** Text in a header: as it is when it is ASCII, else as encoded words of whole characters (RFC 2047). */
export function headerText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words: string[] = [];
  let piece = '';
  for (const character of text) {
    // 45 bytes are 60 characters in base64, and the frame takes 12: within the 75 of an encoded word
    if (Buffer.byteLength(piece + character) > 45) {
      words.push(piece);
      piece = '';
    }
    piece += character;
  }
  words.push(piece);
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(`${EOL} `);
}

export interface Address {
  readonly name: string;
  readonly address: string;
}

export function headerAddress({ name, address }: Address): string {
  const plain = /^[A-Za-z0-9 ]*$/.test(name);
  const shown = plain
    ? name
    : /^[\x20-\x7e]*$/.test(name)
      ? `"${name.replaceAll('"', '')}"`
      : headerText(name);
  return `${shown} <${address}>`;
}

export const headerAddresses = (list: readonly Address[]): string =>
  list.map(headerAddress).join(`,${EOL}\t`);

/** RFC 2045, 6.7: lines of at most 76 characters, everything but plain ASCII as `=XX`. */
export function quotedPrintable(text: string): string {
  return text.split(EOL).map(quotedLine).join(EOL);
}

function quotedLine(line: string): string {
  let out = '';
  let column = 0;
  for (const character of line) {
    const plain = character >= ' ' && character <= '~' && character !== '=';
    const token = plain ? character : quotedBytes(character);
    // a character's bytes stay on one line: not needed, but readers that split them are known to be wrong
    if (column + token.length > 75) {
      out += `=${EOL}`;
      column = 0;
    }
    out += token;
    column += token.length;
  }
  return out.replace(/ $/, '=20');
}

const quotedBytes = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** Base64 in lines of 76 characters. */
export function base64Lines(content: Buffer): string {
  const text = content.toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += 76) lines.push(text.slice(at, at + 76));
  return lines.join(EOL);
}

/** A text part in an encoding that can carry it. */
export function textPart(text: string, subtype: 'plain' | 'html', encoding: Encoding): Part {
  const ascii = /^[\x00-\x7f]*$/.test(text); // eslint-disable-line no-control-regex -- ASCII is what is asked for
  const used = encoding === '7bit' && !ascii ? '8bit' : encoding;
  const body =
    used === 'quoted-printable'
      ? quotedPrintable(text)
      : used === 'base64'
        ? base64Lines(Buffer.from(text))
        : text;
  return {
    headers: [
      ['Content-Type', `text/${subtype}; charset=${ascii && used === '7bit' ? 'us-ascii' : 'utf-8'}`],
      ['Content-Transfer-Encoding', used],
    ],
    body,
  };
}

export function attachmentPart(fileName: string, type: string, content: Buffer): Part {
  const name = /^[\x20-\x7e]*$/.test(fileName)
    ? `filename="${fileName}"`
    : `filename*=UTF-8''${encodeURIComponent(fileName)}`;
  return {
    headers: [
      ['Content-Type', type],
      ['Content-Transfer-Encoding', 'base64'],
      ['Content-Disposition', `attachment; ${name}`],
    ],
    body: base64Lines(content),
  };
}

export function multipart(
  subtype: 'alternative' | 'mixed' | 'related',
  boundary: string,
  parts: readonly Part[],
): Part {
  const body = parts.map((part) => `--${boundary}${EOL}${headerLines(part.headers)}${EOL}${part.body}${EOL}`);
  return {
    headers: [['Content-Type', `multipart/${subtype};${EOL} boundary="${boundary}"`]],
    body: `This is a message in several parts.${EOL}${EOL}${body.join('')}--${boundary}--${EOL}`,
  };
}

const headerLines = (headers: readonly Header[]): string =>
  headers.map(([name, value]) => `${name}: ${value}${EOL}`).join('');

export function assemble(headers: readonly Header[], content: Part): string {
  const end = content.body.endsWith(EOL) ? '' : EOL;
  return `${headerLines([...headers, ['MIME-Version', '1.0'], ...content.headers])}${EOL}${content.body}${end}`;
}

/** Message ids in a header, one a line. */
export const messageIds = (ids: readonly string[]): string => ids.join(`${EOL} `);

export const lines = (...texts: readonly string[]): string => texts.join(EOL);
