/** Sends APPEND commands, and judges what the server says to them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../failures';
import type { DeliveryOutcome } from '../target';
import { Turns } from '../turns';
import { clean, isPassing, type Reply } from './reply';
import { folderArgument, type ImapFolders } from './folders';
import { HiddenMessages } from './hidden';
import type { Mark } from './look-up';
import { bytesOf, internalDate, systemFlags, type Group, type Outgoing } from './message';
import type { ImapSessions } from './sessions';

/** A folder that somebody else has locked is tried so often, so far apart. */
const LOCK_TRIES = 3;
const LOCK_PAUSE_MS = 1_000;

/** What was refused, and how. */
interface Refusal {
  readonly reply: Reply;
  readonly group: Group;
}

export class Appends {
  readonly #hidden: HiddenMessages;
  /** By folder, until it has taken something: see hidden.ts. */
  readonly #turns = new Turns();
  readonly #late = new Map<number, DeliveryOutcome>();
  /** Folders that take nothing for now, and why. */
  readonly #locked = new Map<string, string>();
  /** Folders where the last message was put off. */
  readonly #putOff = new Set<string>();
  #failure: Error | null = null;
  #tookSome = false;
  /** The smallest message that did not fit any more, bytes. */
  #tooMuch = Infinity;
  #marks = new Map<string, Mark>();
  #stillCurrent: () => void = () => undefined;

  constructor(
    private readonly sessions: ImapSessions,
    private readonly folders: ImapFolders,
  ) {
    this.#hidden = new HiddenMessages(sessions);
  }

  begin(marks: Map<string, Mark>, stillCurrent: () => void): void {
    this.#marks = marks;
    this.#stillCurrent = stillCurrent;
  }

  /** Why nothing more is sent. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Brings a group into its folder, or notes why not. Never rejects: see {@link failure}. */
  async append(group: Group): Promise<void> {
    try {
      await this.#bring(group);
    } catch (error) {
      this.#failure ??= error as Error;
    }
  }

  async #bring(group: Group): Promise<void> {
    const refusal = await this.#try(group);
    if (refusal !== null) await this.#refusedBy(refusal);
  }

  /** At the end of a batch: what became of messages that were not simply taken. */
  async outcomes(): Promise<Map<number, DeliveryOutcome>> {
    await this.#hidden.settle((itemId, note) => this.#note({ itemId }, note));
    const late = new Map(this.#late);
    this.#late.clear();
    return late;
  }

  /** Sends what of a group is not there yet, in one command. Null: nothing is left to be done. */
  async #try(messages: Group): Promise<Refusal | null> {
    const { folder } = messages[0] as Outgoing;
    const endTurn = await this.#turns.next(folder);
    try {
      if (this.#failure) throw this.#failure;
      for (let group = this.#hidden.notFound(messages); group.length > 0;) {
        const refused = this.#refusedAtOnce(group);
        if (refused !== null) {
          this.#refuse(group, refused);
          return null;
        }
        const reply = await this.#run(group);
        if (reply.status === 'OK') {
          this.#accept(group, reply);
          return null;
        }
        if (endTurn === null || /^(TRYCREATE|OVERQUOTA)\b/.test(reply.code)) return { reply, group };
        await this.#hidden.look(this.#marks, folder);
        const left = this.#hidden.notFound(group);
        if (left.length === group.length) return { reply, group };
        group = left;
      }
      return null;
    } catch (error) {
      // before the turn of the next
      this.#failure ??= error as Error;
      throw error;
    } finally {
      endTurn?.();
    }
  }

  async #run(group: Group): Promise<Reply> {
    const parts: (string | Buffer)[] = [`APPEND ${folderArgument((group[0] as Outgoing).folder)}`];
    for (const { flags, date, bytes: content } of group) {
      parts.push(` (${flags.join(' ')}) "${internalDate(date)}" `, content);
    }
    // when the connection is lost nobody knows what became of it: the server, or a proxy's server, may still be at it
    return this.sessions.over(bytesOf(group), (session) => session.run(parts, this.#stillCurrent));
  }

  #accept(group: Group, { code }: Reply): void {
    const { folder } = group[0] as Outgoing;
    this.#tookSome = true;
    this.#putOff.delete(folder);
    this.#turns.free(folder);
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

  async #refusedBy({ reply, group }: Refusal): Promise<void> {
    const [message] = group as [Outgoing];
    // one message is the reason, and a command stores all of its messages or none
    if (group.length > 1) {
      for (const one of group) await this.#bring([one]);
      return;
    }
    const text = clean(reply.text);
    if (/^TRYCREATE\b/.test(reply.code) && !this.#late.has(message.itemId)) {
      this.folders.forget(message.folder);
      const refusal = await this.folders.ensure(message.folder).then(() => null, refusalOf);
      if (refusal !== null) return this.#refuse(group, refusal);
      this.#note(message, 'its folder was removed meanwhile and was made again');
      return this.#bring(group);
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
      const plain = { ...message, flags: systemFlags(message.flags) };
      await this.#bring([plain]);
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
      const refusal = await this.#try([message]);
      if (refusal === null) return;
      last = refusal.reply;
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

  #note({ itemId }: Pick<Outgoing, 'itemId'>, note: string): void {
    this.#late.set(itemId, { kind: 'accepted', notes: [note] });
  }
}

function refusalOf(error: unknown): string {
  if (error instanceof Problem && error.type === 'TargetRefused') return error.message;
  throw error;
}
