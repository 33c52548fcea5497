/** One LMTP session on the wire: what is sent, and the answers in their order. */
import type { Socket } from 'node:net';
import { Problem } from '../../failures';
import { connectionProblem, openSocket, placeName, secured } from '../remote/socket';
import { hello } from './commands';
import { ReplyReader, said, type Reply } from './reply';
import type { LmtpOptions } from './url';

/** RFC 5321 asks for 10 minutes at most. */
const SILENCE_MS = 180_000;
const GREETING_MS = 30_000;

interface Pending {
  /** The answers that it is to get. */
  readonly count: number;
  readonly replies: Reply[];
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (error: Error) => void;
}

export class LmtpSession {
  capabilities: ReadonlySet<string> = new Set();
  #socket: Socket;
  #reader = new ReplyReader((reply) => this.#take(reply));
  readonly #pending: Pending[] = [];
  /** Goes out at the end of this turn of the loop. */
  readonly #out: (string | Buffer)[] = [];
  #lost: Problem | null = null;

  private constructor(
    socket: Socket,
    private readonly options: LmtpOptions,
  ) {
    this.#socket = socket;
    this.#listen(GREETING_MS);
  }

  /** @throws Problem `TargetUnavailable`, `CertificateRefused`, `TargetRefused` */
  static async open(options: LmtpOptions): Promise<LmtpSession> {
    const session = new LmtpSession(await openSocket(options, false), options);
    try {
      await session.#greet();
      if (options.tls === 'starttls') await session.#startTls();
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  /** Why it is of no use any more; null while it is. */
  get lost(): Problem | null {
    return this.#lost;
  }

  /** Sends all of it at once, with what else is sent before this turn of the loop ends. */
  write(...parts: readonly (string | Buffer)[]): void {
    // after the promises that are settled by now: the content of a message and the next envelope are one call
    if (this.#out.length === 0) process.nextTick(() => this.#send());
    for (const part of parts) {
      const last = this.#out.length - 1;
      if (typeof part === 'string' && typeof this.#out[last] === 'string') this.#out[last] += part;
      else this.#out.push(part);
    }
  }

  async command(line: string): Promise<Reply> {
    const answer = this.answer();
    this.write(`${line}\r\n`);
    return answer;
  }

  /** The next answer that nobody waits for yet. */
  async answer(): Promise<Reply> {
    const [reply] = await this.expect(1);
    return reply as Reply;
  }

  /** The next answers that nobody waits for yet. */
  expect(count: number): Promise<Reply[]> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => this.#pending.push({ count, replies: [], resolve, reject }));
  }

  /** @throws Problem `TargetUnavailable` unless the answer is 250 */
  must(reply: Reply, what: string): void {
    if (reply.code !== 250) throw this.fail(`it answers ${what} with ${said(reply)}`);
  }

  /** Gives the session up: what it says is not understood. */
  fail(why: string): Problem {
    const what = `The LMTP server ${placeName(this.options)} is not understood, or does not serve: ${why}`;
    this.#lose(new Problem('TargetUnavailable', `${what}.`));
    this.#socket.destroy();
    return this.#lost as Problem;
  }

  destroy(): void {
    this.#lose(new Error('it was closed'));
    this.#socket.destroy();
  }

  async #greet(): Promise<void> {
    const reply = await this.answer();
    if (reply.code !== 220) throw this.fail(`it greets with ${said(reply)}`);
    this.#socket.setTimeout(SILENCE_MS);
    await this.#hello();
  }

  async #hello(): Promise<void> {
    const reply = await this.command(hello());
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
    const reply = await this.command('STARTTLS');
    if (reply.code !== 220) throw this.fail(`it answers STARTTLS with ${said(reply)}`);
    this.#socket.removeAllListeners();
    // what came in the clear is not taken for what the encrypted server says
    this.#reader = new ReplyReader((encrypted) => this.#take(encrypted));
    this.#socket = await secured(this.#socket, this.options);
    this.#listen(SILENCE_MS);
    await this.#hello();
  }

  #send(): void {
    const parts = this.#out.splice(0);
    if (this.#lost) return;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  /** @param silence no byte in so long while an answer is awaited, milliseconds: the connection is given up */
  #listen(silence: number): void {
    this.#socket.setTimeout(silence);
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        this.#reader.push(chunk);
      } catch (error) {
        this.fail((error as Error).message);
      }
    });
    this.#socket.on('error', (error) => this.#lose(error));
    this.#socket.on('close', () => this.#lose(new Error('the connection was closed')));
    this.#socket.on('timeout', () => {
      if (this.#pending.length > 0) this.#socket.destroy(new Error('no answer in time'));
    });
  }

  #take(reply: Reply): void {
    const [pending] = this.#pending;
    // an answer to nothing: a farewell, or the next answers would be taken for others
    if (pending === undefined) return void this.fail(`it says, unasked, ${said(reply)}`);
    pending.replies.push(reply);
    if (pending.replies.length < pending.count) return;
    this.#pending.shift();
    pending.resolve(pending.replies);
  }

  #lose(error: unknown): void {
    if (this.#lost) return;
    this.#lost = connectionProblem(error, this.options);
    for (const pending of this.#pending.splice(0)) pending.reject(this.#lost);
  }
}
