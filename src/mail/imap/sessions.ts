/** The connections of one mailbox: one to ask with, some to append with. */
import type { RemoteOptions } from '../remote/url';
import { ImapConnection } from './connection';

/** A connection that appends, and what is on its way over it. */
export interface Line {
  readonly session: ImapConnection;
  commands: number;
  answered: number;
  bytes: number;
}

export class ImapSessions {
  #control: ImapConnection | null = null;
  #lines: Line[] = [];
  #opening = 0;
  /** APPEND commands that the server takes on one connection. */
  #limit: number;

  constructor(
    private readonly options: RemoteOptions,
    private readonly address: string,
    private readonly secret: string,
  ) {
    this.#limit = options.appends ?? Infinity;
  }

  async control(): Promise<ImapConnection> {
    if (this.#control === null || this.#control.lost) this.#control = await this.#open();
    return this.#control;
  }

  /** The connection with the least to do; a new one while there may be more and all are busy. */
  async line(): Promise<Line> {
    this.#lines = this.#lines.filter((line) => this.#usable(line));
    const idle = [...this.#lines].sort((a, b) => a.bytes - b.bytes)[0];
    const may = this.#lines.length + this.#opening < this.options.connections;
    if (idle !== undefined && (idle.bytes === 0 || !may)) return idle;
    this.#opening++;
    try {
      const line = { session: await this.#open(), commands: 0, answered: 0, bytes: 0 };
      this.#lines.push(line);
      return line;
    } finally {
      this.#opening--;
    }
  }

  /** A server ended a session after so many commands: the next ones get fewer, so that none is cut off again. */
  learn({ answered }: Line): void {
    if (answered > 0) this.#limit = Math.min(this.#limit, answered);
  }

  async close(): Promise<void> {
    const sessions = [this.#control, ...this.#lines.map(({ session }) => session)];
    this.#control = null;
    this.#lines = [];
    await Promise.all(sessions.map((session) => session?.logout()));
  }

  /** One that has had its number of commands is closed once they are answered. */
  #usable(line: Line): boolean {
    if (line.session.lost) return false;
    if (line.commands < this.#limit) return true;
    if (line.bytes === 0) void line.session.logout();
    return false;
  }

  async #open(): Promise<ImapConnection> {
    const session = await ImapConnection.open(this.options);
    try {
      await session.login(this.address, this.secret);
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }
}
