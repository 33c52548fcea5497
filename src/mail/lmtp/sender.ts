/** Delivers the messages of one account over several connections at once, and judges what the server says. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../failures';
import { LONGEST_LINE } from '../../backup-path/verify-lines';
import { LineLength } from '../maildir/line-length';
import type { DeliveryOutcome, PartlyKnown } from '../target';
import { Turns } from '../turns';
import { wireForm } from './content';
import type { LmtpLines } from './lines';
import { said, type Reply, type Verdict } from './reply';

/** A mailbox that puts us off is asked again after so long, then after twice as long, … */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

export interface Outgoing {
  readonly itemId: number;
  readonly bytes: Buffer;
}

/** Looks into the mailbox. Answers whether an item is there; of those that are the same, each stands for one. */
export type Look = () => Promise<(itemId: number) => boolean>;

export class Sender {
  readonly #jobs = new Set<Promise<void>>();
  /** Who waits for one of them to end. */
  readonly #waiting: (() => void)[] = [];
  readonly #late = new Map<number, DeliveryOutcome>();
  #taken = new Set<number>();
  /** The content went out, and there is no answer. */
  readonly #unanswered = new Set<number>();
  #failure: Error | null = null;
  /** This mailbox took a message. */
  #tookSome = false;
  /** Why nothing more is sent to this mailbox. */
  #closed: string | null = null;
  /** The smallest message that did not fit any more, bytes. */
  #tooMuch = Infinity;
  #stillCurrent: () => void = () => undefined;
  #look: Look | null = null;
  /** Items that the server turned out to have. */
  #isThere: (itemId: number) => boolean = () => false;
  readonly #turns = new Turns();

  /** @param wait seconds for which a mailbox that puts us off is tried again */
  constructor(
    private readonly lines: LmtpLines,
    private readonly recipient: string,
    private readonly wait: number,
  ) {}

  begin(stillCurrent: () => void, look: Look | null): void {
    this.#stillCurrent = stillCurrent;
    this.#look = look;
    this.#isThere = () => false;
    this.#taken = new Set();
  }

  /** Taken by the server since `begin`. */
  get taken(): ReadonlySet<number> {
    return this.#taken;
  }

  /** Takes a message; waits while too much is on its way. @throws Problem once a connection has failed */
  async add(message: Outgoing): Promise<void> {
    while (this.#jobs.size >= this.lines.room)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure) throw this.#failure;
    const job = this.#deliver(message).catch((error: unknown) => {
      this.#failure ??= error as Error;
    });
    this.#jobs.add(job);
    void job.then(() => {
      this.#jobs.delete(job);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Waits for every answer. Answers what became of messages that were not simply taken. */
  async flush(): Promise<Map<number, DeliveryOutcome>> {
    while (this.#jobs.size > 0) await Promise.all(this.#jobs);
    if (this.#failure) throw this.#failure;
    const late = new Map(this.#late);
    this.#late.clear();
    return late;
  }

  /** After a failure: waits until nothing is on its way any more. */
  async known(): Promise<PartlyKnown> {
    while (this.#jobs.size > 0) await Promise.all(this.#jobs);
    return { taken: this.#taken, unanswered: this.#unanswered };
  }

  async #deliver(message: Outgoing): Promise<void> {
    const { itemId, bytes } = message;
    const wire = wireForm(bytes);
    const until = Date.now() + this.wait * 1000;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (this.#failure) return;
      if (this.#closed !== null) return this.#refuse(itemId, this.#closed);
      if (bytes.length >= this.#tooMuch) return this.#refuse(itemId, 'the mailbox is over quota');
      const verdict = this.#tookSome ? await this.#send(itemId, wire) : await this.#sendAlone(itemId, wire);
      if (verdict === null) return;
      const reason = this.#judge(verdict, bytes);
      if (reason !== null) return this.#refuse(itemId, reason);
      if (Date.now() + pause > until) return this.#refuse(itemId, this.#putOff(verdict));
      await sleep(pause);
    }
  }

  /** Null: the server has it. */
  async #send(itemId: number, wire: readonly Buffer[]): Promise<Verdict | null> {
    if (this.#isThere(itemId)) return this.#took(itemId);
    const line = await this.lines.line();
    const verdict = await line.send(this.recipient, wire, () => {
      this.#stillCurrent();
      this.#unanswered.add(itemId);
    });
    this.#unanswered.delete(itemId);
    if (verdict.stage !== 'content' || verdict.reply.code !== 250) return verdict;
    this.lines.works();
    this.#tookSome = true;
    this.#turns.free(this.recipient);
    return this.#took(itemId);
  }

  /**
   * Until the mailbox has taken something, one by one: a server may find again what it had before it was killed
   * (imap/hidden.ts) when it is to store the next message, which it puts off; and Dovecot panics now and then when two
   * sessions are the first of a mailbox.
   */
  async #sendAlone(itemId: number, wire: readonly Buffer[]): Promise<Verdict | null> {
    const endTurn = await this.#turns.next(this.recipient);
    try {
      if (this.#failure) throw this.#failure;
      if (endTurn === null) return await this.#send(itemId, wire);
      const verdict = await this.#send(itemId, wire);
      if (this.#look === null || verdict?.stage !== 'content' || verdict.reply.code >= 500) return verdict;
      this.#isThere = await this.#look();
      return this.#isThere(itemId) ? this.#took(itemId) : verdict;
    } catch (error) {
      // before the turn of the next
      this.#failure ??= error as Error;
      throw error;
    } finally {
      endTurn?.();
    }
  }

  #took(itemId: number): null {
    this.#taken.add(itemId);
    return null;
  }

  /** Why the message is refused; null: it may be taken later. */
  #judge({ stage, reply }: Verdict, bytes: Buffer): string | null {
    if (isQuota(reply)) {
      // before the content the server does not know its size
      this.#tooMuch = Math.min(this.#tooMuch, stage === 'recipient' ? 0 : bytes.length);
      return `the mailbox is over quota (${said(reply)})`;
    }
    if (reply.code < 500) return null;
    if (stage === 'recipient') {
      this.#closed = `the server has no such mailbox (${said(reply)})`;
      return this.#closed;
    }
    return `the server refuses it: ${said(reply)}${longLine(bytes)}`;
  }

  /**
   * Why a message is given up that was put off for too long.
   * @throws Problem `TargetUnavailable` when that is not for what the message is, or the mailbox
   */
  #putOff({ stage, reply }: Verdict): string {
    if (stage === 'content' && this.#tookSome) return `the server does not take it for now (${said(reply)})`;
    if (this.#closed !== null) return this.#closed;
    const what = `the mailbox takes nothing for now (${said(reply)})`;
    // x.3.x is about the mail system; MAIL and DATA name no mailbox
    const ofServer = stage === 'mail' || stage === 'data' || reply.status.startsWith('4.3.');
    if (ofServer || this.#tookSome || !this.lines.blames()) {
      const details = ofServer ? {} : { mailbox: this.recipient };
      throw new Problem('TargetUnavailable', `${this.recipient}: ${what}.`, details);
    }
    this.#closed = what;
    return what;
  }

  #refuse(itemId: number, reason: string): void {
    this.#late.set(itemId, { kind: 'invalid', reason });
  }
}

/** 552 without more is a mailbox that is full, 552 5.3.4 a message that is larger than any may be (RFC 3463). */
const isQuota = ({ code, status, lines }: Reply): boolean =>
  /^[45]\.2\.2$/.test(status) ||
  (code === 552 && status !== '5.3.4') ||
  (code >= 500 && /\bquota\b/i.test(lines.join(' ')));

/** Carbonio's answer to a long line is that to another mistake (mail-server reference, section 2). */
function longLine(bytes: Buffer): string {
  const lines = new LineLength(LONGEST_LINE);
  lines.add(bytes);
  return lines.tooLong > 0 ? ` (it has a line of ${lines.tooLong} bytes)` : '';
}
