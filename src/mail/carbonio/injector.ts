/** Several items on their way at once, no more than the connections, and what became of each. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../failures';
import type { DeliveryOutcome, DoubtfulMessage, OutgoingMessage } from '../target';
import { isFault, type SoapFault } from './fault';
import type { CarbonioFolders } from './folders';
import { FULL, inject, prepare, refusalOf, type Injected, type Prepared } from './inject';
import { findSince } from './look-up';
import type { AccountSession } from './session';
import { withoutRefused } from './tags';

/** A mailbox that is in maintenance is tried so often, so far apart. */
const LOCK_TRIES = 3;
const LOCK_PAUSE_MS = 1_000;
const LAST_ANSWERS_MS = 10_000;
const LOCKED = ['mail.MAINTENANCE', 'account.MAINTENANCE_MODE'];
/** The server failed at it, for whatever reason: whether it is there is not said. */
const UNCLEAR = 'service.FAILURE';

export class Injector {
  readonly #jobs = new Set<Promise<void>>();
  readonly #late = new Map<number, DeliveryOutcome>();
  readonly #unclear: OutgoingMessage[] = [];
  /** Ids of what was made since the last batch began. */
  readonly #made = new Set<number>();
  #failure: Error | null = null;
  #locked: string | null = null;
  /** The smallest item that did not fit any more, bytes. */
  #tooMuch = Infinity;
  #lastId: number;
  #stillCurrent: () => void = () => undefined;

  constructor(
    private readonly session: AccountSession,
    private readonly folders: CarbonioFolders,
    lastId: number,
  ) {
    this.#lastId = lastId;
  }

  /** Begins a batch. Answers its trace: what comes from now on has a higher id. */
  begin(stillCurrent: () => void): string {
    this.#stillCurrent = stillCurrent;
    this.#made.clear();
    return String(this.#lastId);
  }

  /** What is known to be useless is not sent. */
  refusedAtOnce(size: number): string | null {
    if (this.#locked !== null) return this.#locked;
    return size >= this.#tooMuch ? 'the mailbox is over quota' : null;
  }

  /**
   * Takes an item; waits while too many are on their way.
   *
   * @param prepared of an item that must be read first: what cannot be read is the source's, not the server's
   * @throws Problem once a connection has failed
   */
  async add(message: OutgoingMessage, prepared: Prepared | null): Promise<void> {
    while (this.#jobs.size >= this.session.connections) await Promise.race(this.#jobs);
    if (this.#failure) throw this.#failure;
    const job = this.#run(message, prepared).catch((error: unknown) => {
      this.#failure ??= error as Error;
    });
    this.#jobs.add(job);
    void job.then(() => this.#jobs.delete(job));
  }

  /** Waits for every answer. Answers what became of items that were not simply taken. */
  async flush(doubtOf: (message: OutgoingMessage) => DoubtfulMessage): Promise<Map<number, DeliveryOutcome>> {
    while (this.#jobs.size > 0) await Promise.all(this.#jobs);
    if (this.#failure) throw this.#failure;
    if (this.#unclear.length > 0) await this.#clear(doubtOf);
    const late = new Map(this.#late);
    this.#late.clear();
    return late;
  }

  /** Waits a while for what is on its way: an answer that nobody hears would leave a doubt. */
  async close(): Promise<void> {
    await Promise.race([Promise.all(this.#jobs), sleep(LAST_ANSWERS_MS, undefined, { ref: false })]);
  }

  async #run(message: OutgoingMessage, prepared: Prepared | null): Promise<void> {
    for (let tries = 1; ; tries++) {
      const folder = await this.folders.placeOf(message.folder);
      try {
        const ready = prepared ?? (await prepare(this.session, message));
        if ('refusal' in ready) return this.#refuse(message, ready.refusal);
        this.#stillCurrent();
        return this.#keep(message, await inject(this.session, folder, ready));
      } catch (error) {
        if (!isFault(error)) throw error;
        const again = await this.#refusedBy(error, message, tries, folder);
        if (again === null) return;
        if (again !== message) return this.#run(again, null);
      }
    }
  }

  /** Deals with a refusal. Answers what to try once more; null when that was all. */
  async #refusedBy(
    fault: SoapFault,
    message: OutgoingMessage,
    tries: number,
    folder: number,
  ): Promise<OutgoingMessage | null> {
    const { code, words } = fault;
    if (code === UNCLEAR) this.#unclear.push(message);
    else if (code === 'mail.NO_SUCH_UPLOAD') {
      throw new Problem('TargetUnavailable', `The server has forgotten what was uploaded: ${words}.`);
    } else if (LOCKED.includes(code) && tries < LOCK_TRIES) {
      await sleep(LOCK_PAUSE_MS);
      return message;
    } else if (code === 'mail.NO_SUCH_FOLDER' && tries === 1) {
      await this.folders.remake(message.folder, folder);
      this.#note(message, 'its folder was removed meanwhile and was made again');
      return message;
    } else if (code === 'mail.INVALID_NAME' && message.tags.length > 0) {
      const { tags, note } = await withoutRefused(this.session, message.tags, words);
      this.#note(message, note);
      return { ...message, tags };
    } else {
      if (LOCKED.includes(code)) this.#locked = `the mailbox is locked: ${words}`;
      if (FULL.has(code)) this.#tooMuch = Math.min(this.#tooMuch, sizeOf(message));
      this.#refuse(message, this.#locked ?? refusalOf(fault));
    }
    return null;
  }

  /** The server failed at these: those that are not there are tried once more, and then are the server's to refuse. */
  async #clear(doubtOf: (message: OutgoingMessage) => DoubtfulMessage): Promise<void> {
    for (let tries = 1; ; tries++) {
      const unclear = this.#unclear.splice(0);
      if (unclear.length === 0) return;
      const there = await findSince(this.session, unclear.map(doubtOf), this.#made);
      for (const message of unclear) {
        if (there.has(message.itemId)) continue;
        if (tries > 1) this.#refuse(message, 'the server fails at it, twice (service.FAILURE)');
        else await this.#run(message, null);
      }
    }
  }

  #keep(message: OutgoingMessage, { outcome, ids }: Injected): void {
    for (const id of ids) {
      this.#made.add(id);
      this.#lastId = Math.max(this.#lastId, id);
    }
    if (outcome.kind !== 'accepted') this.#late.set(message.itemId, outcome);
    else if (outcome.notes.length > 0) this.#note(message, ...outcome.notes);
  }

  #refuse(message: OutgoingMessage, reason: string): void {
    this.#late.set(message.itemId, { kind: 'invalid', reason });
  }

  /** Beside what is known of it already. */
  #note({ itemId }: OutgoingMessage, ...more: readonly string[]): void {
    const before = this.#late.get(itemId);
    const notes = new Set([...(before?.kind === 'accepted' ? before.notes : []), ...more]);
    this.#late.set(itemId, { kind: 'accepted', notes: [...notes] });
  }
}

export function sizeOf({ content }: OutgoingMessage): number {
  return content.kind === 'memory' ? content.bytes.length : content.size;
}
