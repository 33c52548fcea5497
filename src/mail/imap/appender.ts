/** Sends messages, many to a command where the server takes that, over several connections at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../failures';
import type { DeliveryOutcome } from '../target';
import { clean, isPassing, type Reply } from './reply';
import { FirstCommands } from './first-commands';
import { folderArgument, type ImapFolders } from './folders';
import { markOf, type Mark } from './look-up';
import { internalDate } from './message';
import type { ImapSessions, Line } from './sessions';

/** Messages and bytes of one command. Dovecot stores 32 at once three times as fast as one by one. */
const GROUP_MESSAGES = 32;
const GROUP_BYTES = 1024 * 1024;
/** What may be on its way and unanswered over one connection, bytes. */
const IN_FLIGHT = 2 * 1024 * 1024;
/** A folder that somebody else has locked is tried so often, so far apart. */
const LOCK_TRIES = 3;
const LOCK_PAUSE_MS = 1_000;

export interface Outgoing {
  readonly itemId: number;
  readonly folder: string;
  readonly flags: readonly string[];
  /** Epoch milliseconds. */
  readonly date: number;
  readonly bytes: Buffer;
}
type Group = readonly Outgoing[];

export class Appender {
  readonly #waiting = new Map<string, { messages: Outgoing[]; bytes: number }>();
  readonly #jobs = new Set<Promise<void>>();
  readonly #late = new Map<number, DeliveryOutcome>();
  #failure: Error | null = null;
  readonly #firsts = new FirstCommands((folder) => this.#markOf(folder));
  /** Folders that take nothing for now, and why. */
  readonly #locked = new Map<string, string>();
  /** Folders where the last message was put off. */
  readonly #putOff = new Set<string>();
  #tookSome = false;
  /** The smallest message that did not fit any more, bytes. */
  #tooMuch = Infinity;
  #marks = new Map<string, Mark>();
  #stillCurrent: () => void = () => undefined;

  constructor(
    private readonly sessions: ImapSessions,
    private readonly folders: ImapFolders,
  ) {}

  /** @param marks by folder; kept up to date from the answers of the server */
  begin(marks: Map<string, Mark>, stillCurrent: () => void): void {
    this.#marks = marks;
    this.#stillCurrent = stillCurrent;
  }

  /** Takes a message; waits while too much is on its way. @throws Problem once a connection has failed */
  async add(message: Outgoing): Promise<void> {
    const group = this.#waiting.get(message.folder) ?? { messages: [], bytes: 0 };
    this.#waiting.set(message.folder, group);
    group.messages.push(message);
    group.bytes += message.bytes.length;
    if (group.messages.length < GROUP_MESSAGES && group.bytes < GROUP_BYTES) return;
    this.#waiting.delete(message.folder);
    await this.#send(group.messages);
  }

  /** Sends the rest and waits for every answer. Answers what became of messages that were not simply taken. */
  async flush(): Promise<Map<number, DeliveryOutcome>> {
    for (const { messages } of this.#waiting.values()) await this.#send(messages);
    this.#waiting.clear();
    while (this.#jobs.size > 0) await Promise.all(this.#jobs);
    if (this.#failure) throw this.#failure;
    this.#firsts.assertNoneHeld();
    const late = new Map(this.#late);
    this.#late.clear();
    return late;
  }

  async #send(group: Group): Promise<void> {
    const { folder } = group[0] as Outgoing;
    await this.#firsts.turn(folder);
    if (this.#firsts.isHeld(folder)) return;
    const line = await this.#freeLine();
    if (this.#failure) throw this.#failure;
    const multi = line.session.capabilities.has('MULTIAPPEND');
    if (multi || group.length === 1) return this.#start(line, group);
    this.#start(line, group.slice(0, 1));
    for (const message of group.slice(1)) await this.#send([message]);
  }

  async #freeLine(): Promise<Line> {
    for (;;) {
      const line = await this.sessions.line();
      if (line.bytes < IN_FLIGHT || this.#jobs.size === 0) return line;
      await Promise.race(this.#jobs);
    }
  }

  #start(line: Line, group: Group): void {
    const job = this.#append(line, group).catch((error: unknown) => {
      this.#failure ??= error as Error;
    });
    this.#jobs.add(job);
    this.#firsts.sent((group[0] as Outgoing).folder, job);
    void job.then(() => this.#jobs.delete(job));
  }

  /** Sends one command and deals with the answer. */
  async #append(line: Line, group: Group): Promise<void> {
    const refused = this.#refusedAtOnce(group);
    if (refused !== null) return this.#refuse(group, refused);
    const bytes = group.reduce((sum, message) => sum + message.bytes.length, 0);
    const parts: (string | Buffer)[] = [`APPEND ${folderArgument((group[0] as Outgoing).folder)}`];
    for (const { flags, date, bytes: content } of group) {
      parts.push(` (${flags.join(' ')}) "${internalDate(date)}" `, content);
    }
    line.commands++;
    line.bytes += bytes;
    let reply: Reply;
    try {
      // when the connection is lost nobody knows what became of it: the server, or a proxy's server, may still be at it
      reply = await line.session.run(parts, this.#stillCurrent);
    } finally {
      line.bytes -= bytes;
    }
    if (reply.status === 'OK') this.#accept(group, reply);
    else await this.#refusedBy(reply, group);
  }

  #accept(group: Group, { code }: Reply): void {
    const { folder } = group[0] as Outgoing;
    this.#tookSome = true;
    this.#firsts.taken(folder);
    this.#putOff.delete(folder);
    const [, validity, uids] = /^APPENDUID (\d+) (\S+)$/.exec(code) ?? [];
    const known = this.#marks.get(folder);
    // then the server is asked where the folder ends before the next batch
    if (validity === undefined || uids === undefined || known?.validity !== Number(validity)) {
      this.#marks.delete(folder);
      return;
    }
    const next = Math.max(...uids.split(/[,:]/).map(Number)) + 1;
    if (known.next < next) this.#marks.set(folder, { ...known, next });
  }

  async #refusedBy(reply: Reply, group: Group): Promise<void> {
    const [message] = group as [Outgoing];
    if (!/^(TRYCREATE|OVERQUOTA)\b/.test(reply.code)) {
      await this.#firsts.refused(message.folder, this.#marks.get(message.folder));
      if (this.#firsts.isHeld(message.folder)) return;
    }
    // one message is the reason, and a command stores all of its messages or none
    if (group.length > 1) {
      for (const one of group) await this.#append(await this.sessions.line(), [one]);
      return;
    }
    const text = clean(reply.text);
    if (/^TRYCREATE\b/.test(reply.code) && !this.#late.has(message.itemId)) {
      this.folders.forget(message.folder);
      const refusal = await this.folders.ensure(message.folder).then(() => null, refusalOf);
      if (refusal !== null) return this.#refuse(group, refusal);
      this.#note(message, 'its folder was removed meanwhile and was made again');
      return this.#append(await this.sessions.line(), group);
    }
    if (/^OVERQUOTA\b/.test(reply.code) || /\bquota\b/i.test(text)) {
      this.#tooMuch = Math.min(this.#tooMuch, message.bytes.length);
      return this.#refuse(group, `the mailbox is over quota (${text})`);
    }
    if (isPassing(reply) || /\block/i.test(text)) {
      return this.#tryLocked(message, reply);
    }
    const keywords = message.flags.filter((flag) => !flag.startsWith('\\'));
    if (keywords.length > 0) {
      const plain = { ...message, flags: message.flags.filter((flag) => flag.startsWith('\\')) };
      await this.#append(await this.sessions.line(), [plain]);
      if (!this.#late.has(message.itemId))
        this.#note(message, `without its tags, which the server refuses (${text})`);
      return;
    }
    this.#refuse(group, `the server refuses it: ${text}`);
  }

  async #tryLocked(message: Outgoing, first: Reply): Promise<void> {
    const text = clean(first.text);
    let last = first;
    for (let tries = 1; tries < LOCK_TRIES; tries++) {
      await sleep(LOCK_PAUSE_MS);
      const { session } = await this.sessions.line();
      const head = `APPEND ${folderArgument(message.folder)} (${message.flags.join(' ')})`;
      const parts = [`${head} "${internalDate(message.date)}" `, message.bytes];
      const reply = await session.run(parts, this.#stillCurrent);
      if (reply.status === 'OK') return this.#accept([message], reply);
      last = reply;
    }
    if (/^UNAVAILABLE\b/.test(last.code) && !this.#tookSome) {
      const { address } = this.sessions;
      const what = `The mailbox of ${address} takes nothing for now: ${text}.`;
      throw new Problem('TargetUnavailable', what, { mailbox: address });
    }
    const reason = `the folder is locked or does not work (${text})`;
    // one may be for what the message is; a second one right behind it is not
    if (this.#putOff.has(message.folder)) this.#locked.set(message.folder, reason);
    this.#putOff.add(message.folder);
    this.#refuse([message], reason);
  }

  async #markOf(folder: string): Promise<Mark | null> {
    return markOf(await this.sessions.control(), folder).catch((error: unknown) => {
      refusalOf(error);
      return null;
    });
  }

  /** What is known to be useless is not sent. */
  #refusedAtOnce(group: Group): string | null {
    const locked = this.#locked.get((group[0] as Outgoing).folder);
    if (locked !== undefined) return locked;
    const fits = group.some(({ bytes }) => bytes.length < this.#tooMuch);
    return fits ? null : 'the mailbox is over quota';
  }

  #refuse(group: Group, reason: string): void {
    for (const { itemId } of group) this.#late.set(itemId, { kind: 'invalid', reason });
  }

  #note({ itemId }: Outgoing, note: string): void {
    this.#late.set(itemId, { kind: 'accepted', notes: [note] });
  }
}

function refusalOf(error: unknown): string {
  if (error instanceof Problem && error.type === 'TargetRefused') return error.message;
  throw error;
}
