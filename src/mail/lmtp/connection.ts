/**
 * Messages over one LMTP session (RFC 2033). Where the server offers PIPELINING the envelope of the next message goes out
 * with the content of this one. Facts of a real Carbonio: mail-server reference, section 4.
 *
 * Not by BDAT (CHUNKING), which would let the next content follow at once: then more of them are in doubt when a connection
 * is lost, a server is free to leave out the answer to a chunk whose recipient it refused, and no 354 shows any more which
 * answer is whose.
 */
import { mailFrom } from './commands';
import { refusalIn, said, type Reply, type Verdict } from './reply';
import { LmtpSession } from './session';
import type { LmtpOptions } from './url';

export class LmtpConnection {
  /** Resolves when the next envelope may go out. */
  #turn: Promise<void> = Promise.resolve();
  #load = 0;

  private constructor(private readonly session: LmtpSession) {}

  /** @throws Problem `TargetUnavailable`, `CertificateRefused`, `TargetRefused` */
  static async open(options: LmtpOptions): Promise<LmtpConnection> {
    return new LmtpConnection(await LmtpSession.open(options));
  }

  get capabilities(): ReadonlySet<string> {
    return this.session.capabilities;
  }

  get lost(): boolean {
    return this.session.lost !== null;
  }

  /** Messages that are not answered yet. */
  get load(): number {
    return this.#load;
  }

  get #pipelining(): boolean {
    return this.capabilities.has('PIPELINING');
  }

  /**
   * Delivers a message to one recipient.
   * @param wire as `wireForm` made it
   * @param onContent called right before the content goes out: from there on the message may be taken
   * @throws Problem `TargetUnavailable` when the connection is lost, or the server answers what is no answer
   */
  async send(recipient: string, wire: readonly Buffer[], onContent: () => void): Promise<Verdict> {
    const { session } = this;
    const size = wire.reduce((sum, piece) => sum + piece.length, 0);
    return this.#inTurn(async (release) => {
      const refused = await this.#envelope(recipient, size);
      if (refused !== null) return refused;
      this.#before(onContent);
      const answer = session.answer();
      session.write(...wire, '.\r\n');
      if (this.#pipelining) release();
      return { stage: 'content', reply: this.#final(await answer) };
    });
  }

  /** Whether there is a mailbox of that name: what the server answers to it as a recipient. Nothing is delivered. */
  async ask(recipient: string): Promise<Reply> {
    const { session } = this;
    return this.#inTurn(async () => {
      session.must(await session.command('MAIL FROM:<>'), 'MAIL');
      const reply = await session.command(`RCPT TO:<${recipient}>`);
      if (reply.code === 421) this.destroy();
      else await this.#reset();
      return reply;
    });
  }

  /** Says goodbye, unless something is on its way: in the middle of that a command would be taken for content. */
  async quit(): Promise<void> {
    if (!this.lost && this.#load === 0) await this.session.command('QUIT').catch(() => undefined);
    this.destroy();
  }

  destroy(): void {
    this.session.destroy();
  }

  /** Runs what may not be mixed with anything else, until it ends or lets the next begin. */
  async #inTurn<T>(body: (release: () => void) => Promise<T>): Promise<T> {
    this.#load++;
    const before = this.#turn;
    let release: () => void = () => undefined;
    this.#turn = new Promise((resolve) => (release = resolve));
    try {
      await before;
      return await body(release);
    } finally {
      this.#load--;
      release();
    }
  }

  /** Null: the server waits for the content. */
  async #envelope(recipient: string, size: number): Promise<Verdict | null> {
    const { session } = this;
    const lines = [mailFrom(this.capabilities, size), `RCPT TO:<${recipient}>`, 'DATA'];
    const replies: Reply[] = [];
    if (this.#pipelining) {
      const answers = session.expect(lines.length);
      session.write(`${lines.join('\r\n')}\r\n`);
      replies.push(...(await answers));
    } else {
      for (const line of lines) {
        const reply = await session.command(line);
        replies.push(reply);
        if (reply.code >= 400) break;
      }
    }
    const refusal = refusalIn(replies);
    if (refusal === null) return null;
    if (refusal === 'unclear') throw session.fail(`it answers ${replies.map(said).join(' / ')}`);
    // it closes the connection
    if (replies.some(({ code }) => code === 421)) this.destroy();
    else await this.#reset();
    return refusal;
  }

  async #reset(): Promise<void> {
    this.session.must(await this.session.command('RSET'), 'RSET');
  }

  /** The server waits for content now: who must not send any can only go. */
  #before(onContent: () => void): void {
    if (this.session.lost) throw this.session.lost;
    try {
      onContent();
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  #final(reply: Reply): Reply {
    if (reply.code !== 250 && reply.code < 400)
      throw this.session.fail(`it answers a message with ${said(reply)}`);
    if (reply.code === 421) this.destroy();
    return reply;
  }
}
