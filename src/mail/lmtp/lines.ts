/** The connections to one LMTP server. They belong to no mailbox, so they serve one after the other. */
import { LmtpConnection } from './connection';
import type { LmtpOptions } from './url';

/** So many mailboxes in a row that take nothing are the server's trouble. */
const PUT_OFF_IN_A_ROW = 3;

export class LmtpLines {
  #lines: LmtpConnection[] = [];
  /** Mailboxes in a row that took nothing for now; null: nobody has taken anything yet. */
  #putOff: number | null = null;
  readonly #opening = new Set<Promise<LmtpConnection>>();

  constructor(private readonly options: LmtpOptions) {}

  /** Messages that may be on their way at once: two a connection, so that none waits for the next envelope. */
  get room(): number {
    return this.options.connections * 2;
  }

  /** A mailbox took a message: the server works. */
  works(): void {
    this.#putOff = 0;
  }

  /** Whether a mailbox that takes nothing is to blame for it, and not the server: others took some, not long ago. */
  blames(): boolean {
    return this.#putOff !== null && ++this.#putOff < PUT_OFF_IN_A_ROW;
  }

  /** The connection with the least to do; a new one while there may be more and all are busy. */
  async line(): Promise<LmtpConnection> {
    for (;;) {
      if (this.#lines.some(({ lost }) => lost)) this.#lines = this.#lines.filter(({ lost }) => !lost);
      let idle = this.#lines[0];
      for (const line of this.#lines) if (line.load < (idle as LmtpConnection).load) idle = line;
      const may = this.#lines.length + this.#opening.size < this.options.connections;
      if (idle !== undefined && (idle.load === 0 || !may)) return idle;
      if (may) return this.#open();
      await Promise.race(this.#opening);
    }
  }

  async close(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    await Promise.all(lines.map((line) => line.quit()));
  }

  async #open(): Promise<LmtpConnection> {
    const opening = LmtpConnection.open(this.options);
    this.#opening.add(opening);
    try {
      const line = await opening;
      this.#lines.push(line);
      return line;
    } finally {
      this.#opening.delete(opening);
    }
  }
}
