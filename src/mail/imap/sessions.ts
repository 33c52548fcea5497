/** The connections of one mailbox: one to ask with, some to append with. */
import { Problem } from '../../failures';
import type { RemoteOptions } from '../remote/url';
import { ImapConnection } from './connection';

/** A connection that appends, and what is on its way over it. */
export interface Line {
  readonly session: ImapConnection;
  commands: number;
  bytes: number;
}

export class ImapSessions {
  #control: ImapConnection | null = null;
  #lines: Line[] = [];
  readonly #opening = new Set<Promise<ImapConnection>>();
  /** A login has worked. */
  #worked = false;
  readonly #retiring = new Set<Promise<void>>();

  constructor(
    private readonly options: RemoteOptions,
    readonly address: string,
    private readonly secret: string,
  ) {}

  async control(): Promise<ImapConnection> {
    if (this.#control === null || this.#control.lost) this.#control = await this.#open();
    return this.#control;
  }

  get connections(): number {
    return this.options.connections;
  }

  /**
   * The connection with the least to do; a new one while there may be more and all are busy. A command of so many bytes
   * is counted as on its way over it: whoever sends it takes the bytes off again.
   */
  async line(bytes: number): Promise<Line> {
    for (;;) {
      this.#lines = this.#lines.filter((line) => this.#usable(line));
      const idle = [...this.#lines].sort((a, b) => a.bytes - b.bytes)[0];
      const may = this.#lines.length + this.#opening.size < this.connections;
      if (idle !== undefined && (idle.bytes === 0 || !may)) return charged(idle, bytes);
      if (this.#retiring.size >= this.connections) await Promise.race(this.#retiring);
      else if (may) return charged(await this.#newLine(), bytes);
      else await Promise.race(this.#opening);
    }
  }

  async #newLine(): Promise<Line> {
    const opening = this.#open();
    this.#opening.add(opening);
    try {
      const line = { session: await opening, commands: 0, bytes: 0 };
      this.#lines.push(line);
      return line;
    } finally {
      this.#opening.delete(opening);
    }
  }

  async close(): Promise<void> {
    const sessions = [this.#control, ...this.#lines.map(({ session }) => session)];
    this.#control = null;
    this.#lines = [];
    await Promise.all([...sessions.map((session) => session?.logout()), ...this.#retiring]);
  }

  /** One that has had its number of commands is closed by the server once it has answered them. */
  #usable({ session, commands }: Line): boolean {
    if (session.lost) return false;
    if (commands < (this.options.appends ?? Infinity)) return true;
    const gone = session.logout().then(() => void this.#retiring.delete(gone));
    this.#retiring.add(gone);
    return false;
  }

  async #open(): Promise<ImapConnection> {
    const session = await ImapConnection.open(this.options);
    try {
      await session.login(this.address, this.secret);
      this.#worked = true;
      return session;
    } catch (error) {
      session.destroy();
      // right a moment ago: it is the server that is not itself
      if (this.#worked && error instanceof Problem && error.type === 'LoginRefused')
        throw new Problem('TargetUnavailable', error.message, error.details, { cause: error });
      throw error;
    }
  }
}

function charged(line: Line, bytes: number): Line {
  line.commands++;
  line.bytes += bytes;
  return line;
}
