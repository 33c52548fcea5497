/** What an LMTP server answers. Whatever is no answer is a failure: nothing is guessed. */

export interface Reply {
  readonly code: number;
  /** Enhanced status code (RFC 3463), as `5.5.4`; empty when there is none. */
  readonly status: string;
  /** Every line, without codes. */
  readonly lines: readonly string[];
}

/** A line of a server that is longer is no LMTP; so are more lines to one answer. RFC 5321 allows 512 bytes. */
const LONGEST_LINE = 4096;
const MOST_LINES = 200;

/** How far a message came, and what the server said there. Taken: stage `content` and code 250, nothing else. */
export interface Verdict {
  readonly stage: 'mail' | 'recipient' | 'data' | 'content';
  readonly reply: Reply;
}

/**
 * Why the server does not want the content, by its answers to MAIL, RCPT and DATA; null: it waits for it. `unclear`: it waits
 * for content without a recipient, or says what is no answer to these.
 */
export function refusalIn(replies: readonly Reply[]): Verdict | 'unclear' | null {
  const good = ({ code }: Reply, at: number): boolean =>
    at === 2 ? code === 354 : code === 250 || (at === 1 && code === 251);
  const refusal = replies.findIndex((reply, at) => !good(reply, at));
  if (refusal < 0) return null;
  const reply = replies[refusal] as Reply;
  if (reply.code < 400 || replies[2]?.code === 354) return 'unclear';
  return { stage: (['mail', 'recipient', 'data'] as const)[refusal] as Verdict['stage'], reply };
}

/** For people: as the server said it, in one line. */
export const said = ({ code, lines }: Reply): string =>
  `${code} ${lines.join(' ')}`
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 300);

export class ReplyReader {
  #rest = '';
  #code: string | null = null;
  #lines: string[] = [];

  constructor(private readonly onReply: (reply: Reply) => void) {}

  /** @throws Error when that is no LMTP */
  push(chunk: Buffer): void {
    this.#rest += chunk.toString('latin1');
    for (;;) {
      const end = this.#rest.indexOf('\n');
      if (end > LONGEST_LINE || (end < 0 && this.#rest.length > LONGEST_LINE)) throw garbled();
      if (end < 0) return;
      const line = this.#rest.slice(0, end).replace(/\r$/, '');
      this.#rest = this.#rest.slice(end + 1);
      this.#line(line);
    }
  }

  #line(line: string): void {
    const [, code, more, text = ''] = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(line) ?? [];
    if (code === undefined || (this.#code !== null && this.#code !== code)) throw garbled();
    this.#code = code;
    this.#lines.push(NO_ASCII.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text);
    if (this.#lines.length > MOST_LINES) throw garbled();
    if (more === '-') return;
    const status = /^[245]\.\d{1,3}\.\d{1,3}(?=\s|$)/.exec(this.#lines[0] as string)?.[0] ?? '';
    const reply = { code: Number(code), status, lines: this.#lines };
    this.#code = null;
    this.#lines = [];
    this.onReply(reply);
  }
}

const NO_ASCII = /[\x80-\xff]/;

const garbled = (): Error => new Error('its answer is no LMTP');
