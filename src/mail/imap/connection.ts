/** One IMAP session. Commands may be sent before earlier ones are answered. */
import type { Socket } from 'node:net';
import { Problem } from '../../failures';
import { connectionProblem, openSocket, placeName, secured } from '../remote/socket';
import { expand, type RemoteOptions } from '../remote/url';
import { clean, isPassing, loginRefused, taggedReply, type Pending, type Reply } from './reply';
import { ResponseReader, quoted, textOf, valuesOf, type Segment } from './wire';

/** No byte in so long while an answer is awaited: the connection is given up. Servers wait for locks up to 2 minutes. */
const SILENCE_MS = 180_000;
const SMALL_LITERAL = 4096;

export class ImapConnection {
  capabilities: ReadonlySet<string> = new Set();
  #socket: Socket;
  #reader = new ResponseReader((segments) => this.#take(segments));
  readonly #pending: Pending[] = [];
  #count = 0;
  #continue: ((go: boolean) => void) | null = null;
  #lost: Problem | null = null;
  #bye: string | null = null;
  #greet: ((text: string) => void) | null = null;
  #sending: Promise<void> = Promise.resolve();

  private constructor(
    socket: Socket,
    private readonly options: RemoteOptions,
  ) {
    this.#socket = socket;
    this.#listen();
  }

  /** @throws Problem `TargetUnavailable`, `CertificateRefused`, `TargetRefused` */
  static async open(options: RemoteOptions): Promise<ImapConnection> {
    const connection = new ImapConnection(await openSocket(options, options.tls === 'implicit'), options);
    try {
      await connection.#greeting();
      if (options.tls === 'starttls') await connection.#startTls();
      await connection.#askCapabilities();
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  get lost(): boolean {
    return this.#lost !== null;
  }

  /** @throws Problem `LoginRefused`, `TargetUnavailable` */
  async login(address: string, secret: string): Promise<void> {
    const { user, as } = this.options;
    const name = expand(user, address);
    const reply =
      as !== null || this.capabilities.has('AUTH=PLAIN')
        ? await this.#authenticate(`${as === null ? '' : expand(as, address)}\0${name}\0${secret}`)
        : await this.run(['LOGIN ', quoted(name), ' ', quoted(secret)]);
    if (reply.status !== 'OK') throw loginRefused(placeName(this.options), name, address, reply);
    await this.#askCapabilities();
  }

  async #authenticate(message: string): Promise<Reply> {
    const encoded = Buffer.from(message, 'utf8').toString('base64');
    if (this.capabilities.has('SASL-IR')) return this.run(['AUTHENTICATE PLAIN ', encoded]);
    const answer = this.#send('AUTHENTICATE PLAIN');
    if (await this.#continuation(answer)) this.#socket.write(`${encoded}\r\n`);
    return answer;
  }

  /**
   * Sends a command; literals are sent as the server takes them. Rejects when the connection is lost.
   * @param check called right before anything, and before each literal that was waited for; it may throw
   */
  async run(parts: readonly Segment[] | string, check: () => void = () => undefined): Promise<Reply> {
    const list = typeof parts === 'string' ? [parts] : parts;
    const waits = list.some((part) => typeof part !== 'string' && !this.#withoutWaiting(part.length));
    if (!waits) {
      await this.#sending;
      check();
      return this.#send(...list);
    }
    const before = this.#sending;
    let done: () => void = () => undefined;
    this.#sending = new Promise((resolve) => (done = resolve));
    try {
      await before;
      check();
      return await this.#sendByPieces(list, check);
    } catch (error) {
      // the server may wait for a literal: who must not send it can only go
      this.destroy();
      throw error;
    } finally {
      done();
    }
  }

  /** @throws Problem `TargetRefused` when the answer is not OK */
  async must(parts: readonly Segment[] | string): Promise<Reply> {
    const reply = await this.run(parts);
    if (reply.status === 'OK') return reply;
    const what = typeof parts === 'string' ? parts.split(' ')[0] : textOf(parts[0]).split(' ')[0];
    const told = `${placeName(this.options)} refuses ${what}: ${clean(reply.text)}.`;
    throw new Problem('TargetRefused', told, { passing: isPassing(reply) });
  }

  async logout(): Promise<void> {
    if (this.#lost === null) await this.run('LOGOUT').catch(() => undefined);
    this.destroy();
  }

  destroy(): void {
    this.#lose(new Error('it was closed'));
    this.#socket.destroy();
  }

  #withoutWaiting(size: number): boolean {
    return this.capabilities.has('LITERAL+') || (this.capabilities.has('LITERAL-') && size <= SMALL_LITERAL);
  }

  #enlist(): { tag: string; answer: Promise<Reply> } {
    if (this.#lost) return { tag: '', answer: Promise.reject(this.#lost) };
    const tag = `L${++this.#count}`;
    const answer = new Promise<Reply>((resolve, reject) => {
      this.#pending.push({ tag, untagged: [], resolve, reject });
    });
    this.#socket.setTimeout(SILENCE_MS);
    return { tag, answer };
  }

  #send(...parts: readonly Segment[]): Promise<Reply> {
    const { tag, answer } = this.#enlist();
    if (tag === '') return answer;
    this.#socket.cork();
    this.#socket.write(`${tag} `);
    for (const part of parts) {
      if (typeof part !== 'string') this.#socket.write(`{${part.length}+}\r\n`);
      this.#socket.write(part);
    }
    this.#socket.write('\r\n');
    this.#socket.uncork();
    return answer;
  }

  async #sendByPieces(parts: readonly Segment[], check: () => void): Promise<Reply> {
    const { tag, answer } = this.#enlist();
    if (tag === '') return answer;
    this.#socket.write(`${tag} `);
    for (const part of parts) {
      if (typeof part !== 'string') {
        this.#socket.write(`{${part.length}}\r\n`);
        if (!(await this.#continuation(answer))) return answer;
        check();
      }
      this.#socket.write(part);
    }
    this.#socket.write('\r\n');
    return answer;
  }

  /** Whether the server asks for more; false once it has answered the command instead. */
  #continuation(answer: Promise<Reply>): Promise<boolean> {
    return new Promise((resolve) => {
      this.#continue = resolve;
      const no = (): void => resolve(false);
      answer.then(no, no);
    });
  }

  async #greeting(): Promise<void> {
    const text = await new Promise<string>((resolve, reject) => {
      this.#greet = resolve;
      this.#pending.push({ tag: '', untagged: [], resolve: () => undefined, reject });
      this.#socket.setTimeout(SILENCE_MS / 6);
    });
    this.#pending.shift();
    this.#greet = null;
    if (!/^\* OK\b/i.test(text)) {
      throw new Problem('TargetUnavailable', `${placeName(this.options)} does not serve: ${clean(text)}.`);
    }
  }

  async #startTls(): Promise<void> {
    await this.#askCapabilities();
    if (!this.capabilities.has('STARTTLS')) {
      const what = `${placeName(this.options)} offers no TLS (tls=none sends mail and passwords in the clear)`;
      throw new Problem('TargetRefused', `${what}.`);
    }
    await this.must('STARTTLS');
    this.#socket.removeAllListeners();
    // what came in the clear is not taken for what the encrypted server says
    this.#reader = new ResponseReader((segments) => this.#take(segments));
    this.#socket = await secured(this.#socket, this.options);
    this.#listen();
  }

  async #askCapabilities(): Promise<void> {
    const { untagged } = await this.must('CAPABILITY');
    const line = untagged.find(([name]) => textOf(name).toUpperCase() === 'CAPABILITY') ?? [];
    this.capabilities = new Set(line.slice(1).map((value) => textOf(value).toUpperCase()));
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        this.#reader.push(chunk);
      } catch (error) {
        this.#lose(error);
        this.#socket.destroy();
      }
    });
    this.#socket.on('error', (error) => this.#lose(error));
    this.#socket.on('close', () => this.#lose(new Error(this.#bye ?? 'the connection was closed')));
    this.#socket.on('timeout', () => {
      if (this.#pending.length > 0) this.#socket.destroy(new Error('no answer in time'));
    });
  }

  #take(segments: Segment[]): void {
    const first = segments[0];
    if (typeof first !== 'string') return;
    if (this.#greet) return this.#greet(first);
    if (first.startsWith('+')) {
      const go = this.#continue;
      this.#continue = null;
      return go?.(true);
    }
    if (first.startsWith('* ')) {
      if (/^\* BYE\b/i.test(first)) this.#bye = first.slice(6);
      const values = valuesOf([first.slice(2), ...segments.slice(1)]);
      this.#pending[0]?.untagged.push(values);
      return;
    }
    const reply = taggedReply(segments.map(textOf).join(''));
    const index = this.#pending.findIndex(({ tag }) => tag === reply?.tag);
    if (!reply || index < 0) return;
    const [pending] = this.#pending.splice(index, 1) as [Pending];
    if (this.#pending.length === 0) this.#socket.setTimeout(0);
    pending.resolve({ ...reply, untagged: pending.untagged });
  }

  #lose(error: unknown): void {
    if (this.#lost) return;
    this.#lost = connectionProblem(error, this.options);
    for (const pending of this.#pending.splice(0)) pending.reject(this.#lost);
  }
}
