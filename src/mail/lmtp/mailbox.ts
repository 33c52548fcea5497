import { isTooLarge, TOO_LARGE, wholeContent } from '../imap/message';
import type {
  DeliveryOutcome,
  DoubtfulMessage,
  ExistingMessage,
  FolderResult,
  LateOutcomes,
  Mailbox,
  MessageContent,
  OutgoingMessage,
  PartlyKnown,
} from '../target';
import { deliveredDigest, endsTooSoon } from './content';
import { takeOne, type LookUp, type Marks } from './look-up';
import type { Sender } from './sender';

/** LMTP delivers where the server likes; to the engine all of it is one folder. */
const SOMEWHERE: FolderResult = { folder: 'INBOX', created: false };
const NOT_THERE =
  'the server took it, and it is not in the mailbox: dropped as a duplicate of its Message-ID, or by a filter';

/** One account's mailbox behind an LMTP server, and perhaps a way to look into it. */
export class LmtpMailbox implements Mailbox {
  readonly canLook?: false;
  readonly instance?: string;
  #marks: Marks = {};
  #digests = new Map<number, string>();
  readonly #told = new Set<string>();

  constructor(
    private readonly sender: Sender,
    private readonly lookUp: LookUp | null,
  ) {
    if (lookUp === null) this.canLook = false;
    else this.instance = lookUp.instance;
  }

  async cleanLeftovers(): Promise<void> {
    // A server keeps nothing of a message that was not finished.
  }

  async *existing(onProgress: (seen: number) => void): AsyncIterable<ExistingMessage> {
    if (this.lookUp !== null) yield* this.lookUp.existing(onProgress);
  }

  async storedDigest(content: MessageContent): Promise<string | null> {
    return this.lookUp === null || isTooLarge(content) ? null : deliveredDigest(await wholeContent(content));
  }

  async findDelivered(messages: readonly DoubtfulMessage[]): Promise<Set<number>> {
    return this.lookUp === null ? new Set() : this.lookUp.find(messages);
  }

  async systemFolder(): Promise<FolderResult> {
    return SOMEWHERE;
  }

  async folder(): Promise<FolderResult> {
    return SOMEWHERE;
  }

  async ensureFolder(): Promise<void> {
    // The server decides where a message goes.
  }

  accepts(type: string): boolean {
    return type === 'message';
  }

  async announce(folders: readonly string[], stillCurrent: () => void): Promise<Map<string, string>> {
    const { lookUp } = this;
    this.sender.begin(stillCurrent, lookUp && (() => this.#look(lookUp)));
    this.#digests = new Map();
    if (lookUp === null || folders.length === 0) return new Map();
    this.#marks = await lookUp.marks();
    const trace = JSON.stringify(this.#marks);
    return new Map(folders.map((folder) => [folder, trace]));
  }

  async deliver({ itemId, content }: OutgoingMessage): Promise<DeliveryOutcome> {
    if (isTooLarge(content)) return { kind: 'invalid', reason: TOO_LARGE };
    const bytes = await wholeContent(content);
    if (endsTooSoon(bytes)) {
      const reason = 'a dot behind a lone CR, where some servers see the end of the message: it is not sent';
      return { kind: 'invalid', reason };
    }
    if (this.lookUp !== null) this.#digests.set(itemId, deliveredDigest(bytes));
    await this.sender.add({ itemId, bytes });
    return { kind: 'accepted', notes: [] };
  }

  async commit(): Promise<LateOutcomes> {
    const late = await this.sender.flush();
    const { taken } = this.sender;
    if (this.lookUp === null || taken.size === 0) return late;
    // 250 is no proof: a duplicate Message-ID is answered so, and dropped
    const counts = await this.lookUp.countsSince(this.#marks);
    this.#tellClosed(late, [...taken][0]);
    for (const item of taken) {
      if (!takeOne(counts, this.#digests.get(item) ?? '')) {
        late.set(item, { kind: 'doubtful', reason: NOT_THERE });
      }
    }
    return late;
  }

  async #look(lookUp: LookUp): Promise<(itemId: number) => boolean> {
    const counts = await lookUp.countsSince(this.#marks);
    for (const item of this.sender.taken) takeOne(counts, this.#digests.get(item) ?? '');
    return (item) => takeOne(counts, this.#digests.get(item) ?? '');
  }

  /** A note to one of the messages, once for each folder that could not be looked into. */
  #tellClosed(late: Map<number, DeliveryOutcome>, item: number | undefined): void {
    const notes = [...(this.lookUp?.closed ?? [])]
      .filter(([folder]) => !this.#told.has(folder))
      .map(([folder, why]) => `The folder "${folder}" is not looked into: ${why}`);
    for (const folder of this.lookUp?.closed.keys() ?? []) this.#told.add(folder);
    if (notes.length > 0 && item !== undefined) late.set(item, { kind: 'accepted', notes });
  }

  async partlyKnown(): Promise<PartlyKnown> {
    return this.sender.known();
  }

  async close(): Promise<void> {
    await this.lookUp?.close();
  }
}
