const CR = 13;
const LF = 10;

/**
 * Carbonio's rule for messages: no line, headers included, may have more than `limit` bytes. A line is what is
 * between CR or LF bytes; a lone one of either ends it. Works on chunks, wherever they are cut.
 */
export class LineLength {
  #longest = 0;
  /** Bytes since the last CR or LF of what was seen. */
  #current = 0;

  /** @param limit bytes; a line of exactly this length is fine */
  constructor(readonly limit: number) {}

  /** The longest line found that is over the limit; 0 when there is none. */
  get tooLong(): number {
    return this.#longest;
  }

  add(chunk: Buffer): void {
    for (let start = 0; start < chunk.length;) {
      const lf = chunk.indexOf(LF, start);
      const end = lf === -1 ? chunk.length : lf;
      // Searching for LF is native and fast; the bytes between are looked at only where they might matter.
      if (this.#current + (end - start) > this.limit) this.#inspect(chunk, start, end);
      else this.#skip(chunk, start, end);
      if (lf === -1) return;
      this.#current = 0;
      start = lf + 1;
    }
  }

  #inspect(chunk: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      this.#current = chunk[at] === CR ? 0 : this.#current + 1;
      if (this.#current > this.limit && this.#current > this.#longest) this.#longest = this.#current;
    }
  }

  #skip(chunk: Buffer, start: number, end: number): void {
    const cr = end === chunk.length && end > start ? chunk.lastIndexOf(CR, end - 1) : -1;
    this.#current = cr >= start ? end - cr - 1 : this.#current + (end - start);
  }
}

/** Why a message is refused, or null when it is fine so far. */
export function lineLengthReason(lines: LineLength): string | null {
  if (lines.tooLong === 0) return null;
  return `It has a line of ${lines.tooLong} bytes; this target takes lines of at most ${lines.limit} bytes.`;
}
