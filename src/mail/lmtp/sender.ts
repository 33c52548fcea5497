/** Delivers the messages of one account over several connections at once, and judges what the server says. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../failures';
import { LONGEST_LINE } from '../../backup-path/verify-lines';
import { LineLength } from '../maildir/line-length';
import type { DeliveryOutcome, PartlyKnown } from '../target';
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
  /** Throws when the mailbox holds what is not known; null: nobody can look. */
  #assertNoMore: (() => Promise<void>) | null = null;
  #first: Promise<void> | null = null;

  /** @param wait seconds for which a mailbox that puts us off is tried again */
  constructor(
    private readonly lines: LmtpLines,
    private readonly recipient: string,
    private readonly wait: number,
  ) {}

  /** @param assertNoMore called when the first message is put off, which may be how the server finds some again */
  begin(stillCurrent: () => void, assertNoMore: (() => Promise<void>) | null): void {
    this.#stillCurrent = stillCurrent;
    this.#assertNoMore = assertNoMore;
    this.#taken = new Set();
  }

  /** Taken by the server since `begin`. */
  get taken(): ReadonlySet<number> {
    return this.#taken;
  }

  /** Takes a message; waits while too much is on its way. @throws Problem once a connection has failed */
  async add(message: Outgoing): Promise<void> {
    // the first goes alone, for the reason that first-commands.ts of IMAP gives; and a Dovecot panics now and then when
    // two sessions are the first of a mailbox
    await this.#first;
    while (this.#jobs.size >= this.lines.room)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure) throw this.#failure;
    const job = this.#deliver(message).catch((error: unknown) => {
      this.#failure ??= error as Error;
    });
    this.#jobs.add(job);
    this.#first ??= job;
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
      const line = await this.lines.line();
      const verdict = await line.send(this.recipient, wire, () => {
        this.#stillCurrent();
        this.#unanswered.add(itemId);
      });
      this.#unanswered.delete(itemId);
      if (verdict.stage === 'content' && verdict.reply.code === 250) {
        this.lines.works();
        this.#tookSome = true;
        return void this.#taken.add(itemId);
      }
      const reason = this.#judge(verdict, bytes);
      if (reason !== null) return this.#refuse(itemId, reason);
      if (!this.#tookSome) await this.#assertNoMore?.();
      if (Date.now() + pause > until) return this.#refuse(itemId, this.#putOff(verdict));
      await sleep(pause);
    }
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
