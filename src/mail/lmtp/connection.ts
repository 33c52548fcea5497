/**
 * One LMTP session (RFC 2033). Where the server offers PIPELINING the envelope of the next message goes out with the
 * content of this one. Facts of a real Carbonio: mail-server reference, section 4.
 */
import type { Socket } from 'node:net';
import { Problem } from '../../failures';
import { connectionProblem, openSocket, placeName, secured } from '../remote/socket';
import { hello, mailFrom } from './commands';
import { ReplyReader, refusalIn, said, type Reply, type Verdict } from './reply';
import type { LmtpOptions } from './url';

/** No byte in so long while an answer is awaited: the connection is given up. RFC 5321 asks for 10 minutes at most. */
const SILENCE_MS = 180_000;
const GREETING_MS = 30_000;

interface Pending {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

export class LmtpConnection {
  capabilities: ReadonlySet<string> = new Set();
  #socket: Socket;
  #reader = new ReplyReader((reply) => this.#take(reply));
  readonly #pending: Pending[] = [];
  #lost: Problem | null = null;
  /** Resolves when the next envelope may go out. */
  #turn: Promise<void> = Promise.resolve();
  #load = 0;

  private constructor(
    socket: Socket,
    private readonly options: LmtpOptions,
  ) {
    this.#socket = socket;
    this.#listen();
  }

  /** @throws Problem `TargetUnavailable`, `CertificateRefused`, `TargetRefused` */
  static async open(options: LmtpOptions): Promise<LmtpConnection> {
    const connection = new LmtpConnection(await openSocket(options, false), options);
    try {
      await connection.#greet();
      if (options.tls === 'starttls') await connection.#startTls();
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  get lost(): boolean {
    return this.#lost !== null;
  }

  /** Messages that are not answered yet. */
  get load(): number {
    return this.#load;
  }

  get pipelining(): boolean {
    return this.capabilities.has('PIPELINING');
  }

  /**
   * Delivers a message to one recipient.
   * @param wire as `wireForm` made it
   * @param onContent called right before the content goes out: from there on the message may be taken
   * @throws Problem `TargetUnavailable` when the connection is lost, or the server answers what is no answer
   */
  async send(recipient: string, wire: Buffer, onContent: () => void): Promise<Verdict> {
    return this.#inTurn(async (release) => {
      const refused = await this.#envelope(recipient, wire.length);
      if (refused !== null) return refused;
      this.#before(onContent);
      const answer = this.#expect();
      this.#socket.cork();
      this.#socket.write(wire);
      this.#socket.write('.\r\n');
      this.#socket.uncork();
      if (this.pipelining) release();
      return { stage: 'content', reply: this.#final(await answer) };
    });
  }

  /** Whether there is a mailbox of that name: what the server answers to it as a recipient. Nothing is delivered. */
  async ask(recipient: string): Promise<Reply> {
    return this.#inTurn(async () => {
      this.#must(await this.#command('MAIL FROM:<>'), 'MAIL');
      const reply = await this.#command(`RCPT TO:<${recipient}>`);
      if (reply.code === 421) this.destroy();
      else this.#must(await this.#command('RSET'), 'RSET');
      return reply;
    });
  }

  /** Says goodbye, unless something is on its way: in the middle of that a command would be taken for content. */
  async quit(): Promise<void> {
    if (this.#lost === null && this.#load === 0) await this.#command('QUIT').catch(() => undefined);
    this.destroy();
  }

  destroy(): void {
    this.#lose(new Error('it was closed'));
    this.#socket.destroy();
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

  async #command(line: string): Promise<Reply> {
    const answer = this.#expect();
    this.#socket.write(`${line}\r\n`);
    return answer;
  }

  /** Null: the server waits for the content. */
  async #envelope(recipient: string, size: number): Promise<Verdict | null> {
    const lines = [mailFrom(this.capabilities, size), `RCPT TO:<${recipient}>`, 'DATA'];
    const replies: Reply[] = [];
    if (this.pipelining) {
      const answers = lines.map(() => this.#expect());
      this.#socket.write(`${lines.join('\r\n')}\r\n`);
      replies.push(...(await Promise.all(answers)));
    } else {
      for (const line of lines) {
        const reply = await this.#command(line);
        replies.push(reply);
        if (reply.code >= 400) break;
      }
    }
    const refusal = refusalIn(replies);
    if (refusal === null) return null;
    if (refusal === 'unclear') throw this.#fail(`it answers ${replies.map(said).join(' / ')}`);
    // it closes the connection
    if (replies.some(({ code }) => code === 421)) this.destroy();
    else this.#must(await this.#command('RSET'), 'RSET');
    return refusal;
  }

  /** The server waits for content now: who must not send any can only go. */
  #before(onContent: () => void): void {
    if (this.#lost) throw this.#lost;
    try {
      onContent();
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  #final(reply: Reply): Reply {
    if (reply.code !== 250 && reply.code < 400) throw this.#fail(`it answers a message with ${said(reply)}`);
    if (reply.code === 421) this.destroy();
    return reply;
  }

  #must(reply: Reply, what: string): void {
    if (reply.code !== 250) throw this.#fail(`it answers ${what} with ${said(reply)}`);
  }

  #fail(why: string): Problem {
    const what = `The LMTP server ${placeName(this.options)} is not understood, or does not serve: ${why}`;
    this.#lose(new Problem('TargetUnavailable', `${what}.`));
    this.#socket.destroy();
    return this.#lost as Problem;
  }

  async #greet(): Promise<void> {
    const greeting = this.#expect();
    this.#socket.setTimeout(GREETING_MS);
    const reply = await greeting;
    if (reply.code !== 220) throw this.#fail(`it greets with ${said(reply)}`);
    await this.#hello();
  }

  async #hello(): Promise<void> {
    const reply = await this.#command(hello());
    if (reply.code !== 250) {
      const what = `${placeName(this.options)} is no LMTP server: it answers LHLO with ${said(reply)}`;
      throw new Problem('TargetRefused', `${what}.`);
    }
    const words = reply.lines.slice(1).map((line) => line.trim().split(/\s+/)[0] ?? '');
    this.capabilities = new Set(words.map((word) => word.toUpperCase()));
  }

  async #startTls(): Promise<void> {
    if (!this.capabilities.has('STARTTLS')) {
      const what = `${placeName(this.options)} offers no TLS (tls=none sends mail in the clear)`;
      throw new Problem('TargetRefused', `${what}.`);
    }
    const reply = await this.#command('STARTTLS');
    if (reply.code !== 220) throw this.#fail(`it answers STARTTLS with ${said(reply)}`);
    this.#socket.removeAllListeners();
    // what came in the clear is not taken for what the encrypted server says
    this.#reader = new ReplyReader((encrypted) => this.#take(encrypted));
    this.#socket = await secured(this.#socket, this.options);
    this.#listen();
    await this.#hello();
  }

  #expect(): Promise<Reply> {
    if (this.#lost) return Promise.reject(this.#lost);
    this.#socket.setTimeout(SILENCE_MS);
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }));
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        this.#reader.push(chunk);
      } catch (error) {
        this.#fail((error as Error).message);
      }
    });
    this.#socket.on('error', (error) => this.#lose(error));
    this.#socket.on('close', () => this.#lose(new Error('the connection was closed')));
    this.#socket.on('timeout', () => {
      if (this.#pending.length > 0) this.#socket.destroy(new Error('no answer in time'));
    });
  }

  #take(reply: Reply): void {
    const pending = this.#pending.shift();
    // an answer to nothing: a farewell, or the next answers would be taken for others
    if (pending === undefined) return void this.#fail(`it says, unasked, ${said(reply)}`);
    if (this.#pending.length === 0) this.#socket.setTimeout(0);
    pending.resolve(reply);
  }

  #lose(error: unknown): void {
    if (this.#lost) return;
    this.#lost = connectionProblem(error, this.options);
    for (const pending of this.#pending.splice(0)) pending.reject(this.#lost);
  }
}
