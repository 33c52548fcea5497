/** Reads along what IMAP clients and a server say to each other through a proxy: commands, and every APPEND. */

export interface SeenAppend {
  /** Its messages, as they were announced. */
  readonly messages: {
    readonly bytes: number;
    /** The client waits until the server asks for it: `{n}`, not `{n+}`. */
    readonly waits: boolean;
  }[];
  /** The client has sent all of it. */
  complete: boolean;
  /** What the server answered: `OK`, `NO` or `BAD`. */
  answer: string | null;
}

const LITERAL = /\{(\d+)(\+?)\}$/;

export class ImapWatch {
  /** Of all connections, without the bytes of literals. */
  readonly commands: string[] = [];
  readonly appends: SeenAppend[] = [];
  /** Nothing passes behind the middle of the first message that is announced after so many bytes of messages. */
  stopAfter = Infinity;
  /** Where it was stopped. */
  stopped: SeenAppend | null = null;
  #bytes = 0;
  readonly #talks = new Map<number, Talk>();

  /** Takes what a client sends. Answers what of it may pass. */
  readonly sent = (data: Buffer, connection: number): Buffer => {
    const talk = this.#talk(connection);
    let at = 0;
    while (at < data.length && this.stopped === null) {
      const inLiteral = talk.client.literal > 0;
      const taken = talk.client.take(data.subarray(at), talk.stopIn);
      at += taken;
      if (inLiteral && (talk.stopIn -= taken) === 0) this.stopped = talk.append;
    }
    return data.subarray(0, at);
  };

  /** Takes what the server sends. Answers which APPENDs are answered by that. */
  answered(data: Buffer, connection: number): SeenAppend[] {
    const { server, unanswered } = this.#talk(connection);
    const before = [...unanswered.values()];
    for (let at = 0; at < data.length;) at += server.take(data.subarray(at));
    return before.filter(({ answer }) => answer !== null);
  }

  #talk(connection: number): Talk {
    const known = this.#talks.get(connection);
    if (known !== undefined) return known;
    const talk: Talk = {
      client: new Direction((line) => this.#ofClient(talk, line)),
      server: new Direction((line) => ofServer(talk, line)),
      command: '',
      append: null,
      unanswered: new Map(),
      stopIn: Infinity,
    };
    this.#talks.set(connection, talk);
    return talk;
  }

  #ofClient(talk: Talk, line: string): void {
    talk.command += line;
    const literal = LITERAL.exec(line);
    if (literal === null) {
      this.commands.push(talk.command);
      if (talk.append !== null) talk.append.complete = true;
      Object.assign(talk, { command: '', append: null });
      return;
    }
    const tag = /^(\S+) APPEND /.exec(talk.command)?.[1];
    if (tag === undefined) return;
    if (talk.append === null) {
      talk.append = { messages: [], complete: false, answer: null };
      talk.unanswered.set(tag, talk.append);
      this.appends.push(talk.append);
    }
    const bytes = Number(literal[1]);
    talk.append.messages.push({ bytes, waits: literal[2] === '' });
    if (this.#bytes >= this.stopAfter) talk.stopIn = Math.floor(bytes / 2);
    this.#bytes += bytes;
  }
}

/** For `answers` of a proxy: changes whole lines, in whatever pieces they come. */
export function byLines(change: (text: string) => string): (data: Buffer, connection: number) => Buffer {
  const begun = new Map<number, string>();
  return (data, connection) => {
    const text = (begun.get(connection) ?? '') + data.toString('latin1');
    const end = text.lastIndexOf('\n') + 1;
    begun.set(connection, text.slice(end));
    return Buffer.from(change(text.slice(0, end)), 'latin1');
  };
}

/** As a server without UIDPLUS answers. */
export const withoutAppendUid = (text: string): string =>
  text.replace(/^(\S+ OK) \[APPENDUID [^\]]*\]/gm, '$1');

/** What is said over one connection. */
interface Talk {
  readonly client: Direction;
  readonly server: Direction;
  /** What was sent of the command that the client is at. */
  command: string;
  /** That command, when it is an APPEND. */
  append: SeenAppend | null;
  /** By tag. */
  readonly unanswered: Map<string, SeenAppend>;
  /** Bytes of messages that still pass. */
  stopIn: number;
}

function ofServer(talk: Talk, line: string): void {
  const [, tag = '', answer = ''] = /^(\S+) (OK|NO|BAD)\b/.exec(line) ?? [];
  const append = talk.unanswered.get(tag);
  if (append === undefined) return;
  append.answer = answer;
  talk.unanswered.delete(tag);
}

/** Lines, and literals in between, whose bytes are not looked at. */
class Direction {
  /** Bytes of a literal that are still to come. */
  literal = 0;
  #line = '';

  constructor(private readonly onLine: (line: string) => void) {}

  /** Takes no more than a line or a literal, and of a literal so many bytes at most. Answers how many it took. */
  take(data: Buffer, most = Infinity): number {
    if (this.literal > 0) {
      const taken = Math.min(this.literal, data.length, most);
      this.literal -= taken;
      return taken;
    }
    const end = data.indexOf('\n') + 1;
    this.#line += data.toString('latin1', 0, end === 0 ? data.length : end);
    if (end === 0) return data.length;
    const line = this.#line.replace(/\r?\n$/, '');
    this.#line = '';
    this.literal = Number(LITERAL.exec(line)?.[1] ?? 0);
    this.onLine(line);
    return end;
  }
}
