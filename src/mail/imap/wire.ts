/** Reads what an IMAP server sends: responses, of text and literals. */

/** Text of a line without its end, and the literals in between. */
export type Segment = string | Buffer;
export type Value = string | Buffer | null | Value[];

/** A line of a server that is longer is no IMAP. Bytes. */
const LONGEST_LINE = 1024 * 1024;
/** A message that is larger than any server takes. Bytes. */
const LARGEST_LITERAL = 512 * 1024 * 1024;

export class ResponseReader {
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes of the literal that is being read; null: a line is. */
  #literal: number | null = null;
  #segments: Segment[] = [];

  constructor(private readonly onResponse: (segments: Segment[]) => void) {}

  /** @throws Error when that is no IMAP */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    // a literal is put together once it is there as a whole
    if (this.#literal !== null && this.#length < this.#literal) return;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    for (;;) {
      const taken = this.#literal === null ? this.#line(rest) : this.#bytes(rest, this.#literal);
      if (taken < 0) break;
      rest = rest.subarray(taken);
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
  }

  #bytes(rest: Buffer, length: number): number {
    if (rest.length < length) return -1;
    this.#segments.push(rest.subarray(0, length));
    this.#literal = null;
    return length;
  }

  #line(rest: Buffer): number {
    const end = rest.indexOf('\r\n');
    if (end < 0) {
      if (rest.length > LONGEST_LINE) throw new Error('the server sends no IMAP');
      return -1;
    }
    const text = rest.toString('utf8', 0, end);
    const announced = /~?\{(\d{1,10})\+?\}$/.exec(text);
    if (announced === null) {
      this.onResponse([...this.#segments, text]);
      this.#segments = [];
    } else {
      this.#literal = Number(announced[1]);
      if (this.#literal > LARGEST_LITERAL) throw new Error('the server announces a literal without end');
      this.#segments.push(text.slice(0, announced.index));
    }
    return end + 2;
  }
}

/** The values of a response: atoms and strings as text, literals as bytes, NIL as null, lists as arrays. */
export function valuesOf(segments: readonly Segment[]): Value[] {
  const top: Value[] = [];
  const stack: Value[][] = [top];
  const put = (value: Value): void => void stack[stack.length - 1]?.push(value);
  for (const segment of segments) {
    if (typeof segment !== 'string') {
      put(segment);
      continue;
    }
    for (const [token] of segment.matchAll(/\(|\)|"(?:\\.|[^"\\])*"|(?:\[[^\]]*\]|[^\s()"])+/g)) {
      if (token === '(') {
        const list: Value[] = [];
        put(list);
        stack.push(list);
      } else if (token === ')') {
        if (stack.length > 1) stack.pop();
      } else if (token.startsWith('"')) put(token.slice(1, -1).replace(/\\(.)/g, '$1'));
      else put(/^nil$/i.test(token) ? null : token);
    }
  }
  return top;
}

export const textOf = (value: Value | undefined): string =>
  Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'string' ? value : '';

/** A string as a client sends it; only for text without line ends. */
export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
