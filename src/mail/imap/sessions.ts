/** The connections of one mailbox: one to ask with, some to append with. */
import { Problem } from '../../failures';
import type { RemoteOptions } from '../remote/url';
import { ImapConnection } from './connection';

/** A connection that appends, and what is on its way over it. */
interface Line {
  readonly session: ImapConnection;
  commands: number;
  bytes: number;
}

export class ImapSessions {
  #control: ImapConnection | null = null;
  #lines: Line[] = [];
  readonly #opening = new Set<Promise<ImapConnection>>();
  #controlOpening: Promise<ImapConnection> | null = null;
  #closed = false;
  /** A login has worked. */
  #worked = false;
  readonly #retiring = new Set<Promise<void>>();

  constructor(
    private readonly options: RemoteOptions,
    readonly address: string,
    private readonly secret: string,
  ) {}

  async control(): Promise<ImapConnection> {
    if (this.#control !== null && !this.#control.lost) return this.#control;
    // whoever comes meanwhile waits for the same
    this.#controlOpening ??= this.#open().finally(() => (this.#controlOpening = null));
    return (this.#control = await this.#controlOpening);
  }

  get connections(): number {
    return this.options.connections;
  }

  /**
   * Sends a command over the connection with the least to do; over a new one while there may be more and all are busy.
   *
   * @param bytes of the command
   * @param send called when a connection is chosen, at once: one that has had its number of commands is closed behind them
   */
  async over<T>(bytes: number, send: (session: ImapConnection) => Promise<T>): Promise<T> {
    for (;;) {
      this.#lines = this.#lines.filter((line) => this.#usable(line));
      const idle = [...this.#lines].sort((a, b) => a.bytes - b.bytes)[0];
      if (idle !== undefined && (idle.bytes === 0 || this.#lines.length >= this.connections))
        return sendOver(idle, bytes, send);
      if (this.#retiring.size >= this.connections) await Promise.race(this.#retiring);
      else if (this.#lines.length + this.#opening.size < this.connections) await this.#openLine();
      else await Promise.race(this.#opening);
    }
  }

  async #openLine(): Promise<void> {
    const opening = this.#open();
    this.#opening.add(opening);
    try {
      const session = await opening;
      this.#lines.push({ session, commands: 0, bytes: 0 });
    } finally {
      this.#opening.delete(opening);
    }
  }

  async close(): Promise<void> {
    const sessions = [this.#control, ...this.#lines.map(({ session }) => session)];
    this.#closed = true;
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

  /** What was to be sent when the mailbox was closed is not. */
  #assertOpen(): void {
    if (this.#closed)
      throw new Problem('TargetUnavailable', `The mailbox of ${this.address} was closed meanwhile.`);
  }

  async #open(): Promise<ImapConnection> {
    this.#assertOpen();
    const session = await ImapConnection.open(this.options);
    try {
      await session.login(this.address, this.secret);
      this.#assertOpen();
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

async function sendOver<T>(
  line: Line,
  bytes: number,
  send: (session: ImapConnection) => Promise<T>,
): Promise<T> {
  line.commands++;
  line.bytes += bytes;
  try {
    return await send(line.session);
  } finally {
    line.bytes -= bytes;
  }
}
