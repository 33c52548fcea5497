import { Problem } from '../../failures';
import type {
  DeliveryOutcome,
  DoubtfulMessage,
  ExistingMessage,
  FolderResult,
  LateOutcomes,
  Mailbox,
  MessageContent,
  OutgoingMessage,
  SystemFolder,
} from '../target';
import { uidIn } from './content';
import { isFault } from './fault';
import { CarbonioFolders } from './folders';
import { prepare, refusalOf, type Prepared } from './inject';
import { Injector, sizeOf } from './injector';
import { findSince, identified, uidDigest } from './look-up';
import type { AccountSession } from './session';
import { makeTag } from './tags';
import { snapshotOf, type Snapshot } from './snapshot';

/** What is held, and the view of a folder that holds it. */
const VIEWS: Readonly<Record<string, string>> = {
  message: 'message',
  contact: 'contact',
  appointment: 'appointment',
  task: 'task',
};

/** One account's mailbox on a Carbonio server. Items are there for all to see as soon as the server has taken them. */
export class CarbonioMailbox implements Mailbox {
  readonly instance: string;
  readonly #folders: CarbonioFolders;
  readonly #injector: Injector;
  #trace = '';

  private constructor(
    private readonly session: AccountSession,
    private readonly before: Snapshot,
  ) {
    this.instance = before.instance;
    this.#folders = new CarbonioFolders(session, before);
    this.#injector = new Injector(session, this.#folders, before.lastId);
  }

  static async open(session: AccountSession): Promise<CarbonioMailbox> {
    return new CarbonioMailbox(session, await snapshotOf(session));
  }

  async cleanLeftovers(): Promise<void> {
    // The server drops uploads that nothing refers to, and what was not sent to its end.
  }

  existing(onProgress: (seen: number) => void): AsyncIterable<ExistingMessage> {
    return identified(this.session, this.before.items, onProgress);
  }

  /** A calendar entry is known by its own id, wherever it came from. */
  async storedDigest(content: MessageContent): Promise<string | null> {
    if (content.kind !== 'memory' || !/^\s*BEGIN:VCALENDAR\b/i.test(content.bytes.toString('latin1', 0, 100)))
      return null;
    const uid = uidIn(content.bytes.toString('utf8'));
    return uid === null ? null : uidDigest(uid);
  }

  findDelivered(messages: readonly DoubtfulMessage[]): Promise<Set<number>> {
    return findSince(this.session, messages);
  }

  systemFolder(role: SystemFolder): Promise<FolderResult> {
    return this.#folders.system(role);
  }

  folder(
    parent: string | undefined,
    name: string,
    taken: (candidate: string) => boolean,
  ): Promise<FolderResult> {
    return this.#folders.folder(parent, name, taken);
  }

  async ensureFolder(folder: string): Promise<void> {
    await this.#folders.ensure(folder);
  }

  /** Also of tags that no item has. */
  async tag(name: string): Promise<void> {
    // refused: the items that have it are restored without it, and say so
    await makeTag(this.session, name);
  }

  accepts(type: string): boolean {
    return Object.hasOwn(VIEWS, type);
  }

  async announce(folders: readonly string[], stillCurrent: () => void): Promise<Map<string, string>> {
    this.#trace = this.#injector.begin(stillCurrent);
    return new Map(folders.map((folder) => [folder, this.#trace]));
  }

  async deliver(message: OutgoingMessage): Promise<DeliveryOutcome> {
    const useless = this.#injector.refusedAtOnce(sizeOf(message));
    if (useless !== null) return { kind: 'invalid', reason: useless };
    const size = sizeOf(message);
    const most = await this.session.largestMessage();
    if (size > most) {
      return { kind: 'invalid', reason: `it has ${size} bytes, and the server takes ${most} at most` };
    }
    const view = VIEWS[message.type ?? 'message'];
    let prepared: Prepared | null = null;
    try {
      if (view !== undefined) await this.#folders.becomes(message.folder, view);
      if (message.content.kind === 'stream') {
        const ready = await prepare(this.session, message);
        if ('refusal' in ready) return { kind: 'invalid', reason: ready.refusal };
        prepared = ready;
      }
    } catch (error) {
      if (isFault(error)) return { kind: 'invalid', reason: refusalOf(error) };
      throw error;
    }
    await this.#injector.add(message, prepared);
    return { kind: 'accepted', notes: [] };
  }

  async commit(): Promise<LateOutcomes> {
    return this.#injector.flush((message) => this.#doubtOf(message));
  }

  async close(): Promise<void> {
    await this.#injector.close();
  }

  #doubtOf(message: OutgoingMessage): DoubtfulMessage {
    if (this.#trace === '') throw new Problem('Unexpected', 'A batch was not announced.');
    const { itemId, key } = message;
    return { itemId, key, trace: this.#trace, sent: async () => message };
  }
}
