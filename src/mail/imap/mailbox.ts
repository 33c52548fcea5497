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
  SentMessage,
  SystemFolder,
} from '../target';
import { Appender } from './appender';
import type { ImapConnection } from './connection';
import { ImapFolders } from './folders';
import { findByMarks } from './doubts';
import { codeOf, examine, leave, markOf, messagesFrom, type Mark } from './look-up';
import { asServed, flagsOf, isTooLarge, sha256, TOO_LARGE, wholeContent, type Allowed } from './message';
import type { ImapSessions } from './sessions';

/** After so many messages the caller is told. */
const TELL_EVERY = 100;

/** One account's mailbox on an IMAP server. Messages are there for all to see as soon as the server has taken them. */
export class ImapMailbox implements Mailbox {
  readonly guessesRoles = true;
  readonly #appender: Appender;
  /** Where the folders end, as far as is known. */
  readonly #marks = new Map<string, Mark>();

  private constructor(
    private readonly sessions: ImapSessions,
    private readonly folders: ImapFolders,
    readonly instance: string,
    private readonly allowed: Allowed,
  ) {
    this.#appender = new Appender(sessions, folders);
  }

  static async open(sessions: ImapSessions): Promise<ImapMailbox> {
    try {
      const session = await sessions.control();
      const folders = new ImapFolders(() => sessions.control());
      await folders.load();
      const inbox = await session.must('SELECT INBOX');
      await session.must('EXAMINE INBOX');
      await leave(session);
      // a mailbox that was emptied and made again counts from another number
      const instance = `uidvalidity ${codeOf(inbox, 'UIDVALIDITY') ?? 'unknown'}`;
      return new ImapMailbox(sessions, folders, instance, allowedOf(codeOf(inbox, 'PERMANENTFLAGS')));
    } catch (error) {
      await sessions.close();
      throw error;
    }
  }

  async cleanLeftovers(): Promise<void> {
    // A server keeps nothing of a command that was not finished.
  }

  async *existing(onProgress: (seen: number) => void, only?: string): AsyncIterable<ExistingMessage> {
    let seen = 0;
    const session = await this.sessions.control();
    for (const folder of only === undefined ? this.folders.names() : [only]) {
      if ((await examine(session, folder, only === undefined ? 'wanted' : 'needed')) === null) continue;
      for await (const { bytes } of messagesFrom(session, 1)) {
        yield { kind: 'other', digest: sha256(bytes) };
        if (++seen % TELL_EVERY === 0) onProgress(seen);
      }
      await leave(session);
    }
    onProgress(seen);
  }

  async storedDigest(content: MessageContent): Promise<string | null> {
    if (isTooLarge(content)) return null;
    const served = asServed(await wholeContent(content));
    return served === null ? null : sha256(served);
  }

  async findDelivered(
    messages: readonly DoubtfulMessage[],
    note: (itemId: number, text: string) => void,
  ): Promise<Set<number>> {
    const flags = (sent: SentMessage): string[] => flagsOf(sent.flags, sent.tags, this.allowed).flags;
    return findByMarks(await this.sessions.control(), messages, flags, note);
  }

  systemFolder(role: SystemFolder): Promise<FolderResult> {
    return this.folders.system(role);
  }

  folder(
    parent: string | undefined,
    name: string,
    taken: (candidate: string) => boolean,
  ): Promise<FolderResult> {
    return this.folders.folder(parent, name, taken);
  }

  async ensureFolder(folder: string): Promise<void> {
    await this.folders.ensure(folder);
  }

  accepts(type: string): boolean {
    return type === 'message';
  }

  async announce(folders: readonly string[], stillCurrent: () => void): Promise<Map<string, string>> {
    const session = await this.sessions.control();
    const uidplus = session.capabilities.has('UIDPLUS');
    for (const folder of folders) {
      // with UIDPLUS every answer moves the mark on
      if (!uidplus || !this.#marks.has(folder)) this.#marks.set(folder, await this.#markOf(session, folder));
    }
    this.#appender.begin(this.#marks, stillCurrent);
    return new Map(folders.map((folder) => [folder, JSON.stringify(this.#marks.get(folder))]));
  }

  async #markOf(session: ImapConnection, folder: string): Promise<Mark> {
    try {
      return await markOf(session, folder);
    } catch (error) {
      if (!(error instanceof Problem) || error.type !== 'TargetRefused') throw error;
      if (error.details.passing === true)
        throw new Problem('TargetUnavailable', error.message, { mailbox: this.sessions.address });
      // somebody removed it meanwhile
      this.folders.forget(folder);
      await this.folders.ensure(folder);
      return markOf(session, folder);
    }
  }

  async deliver(message: OutgoingMessage): Promise<DeliveryOutcome> {
    const { itemId, folder, date, content } = message;
    if (isTooLarge(content)) return { kind: 'invalid', reason: TOO_LARGE };
    const { flags, notes } = flagsOf(message.flags, message.tags, this.allowed);
    const bytes = await wholeContent(content);
    if (bytes.includes(0)) notes.push('it has NUL bytes, which IMAP cannot carry: the server replaces them');
    await this.#appender.add({ itemId, folder, flags, date, bytes });
    return { kind: 'accepted', notes };
  }

  async commit(): Promise<LateOutcomes> {
    return this.#appender.flush();
  }

  async close(): Promise<void> {
    await this.sessions.close();
  }
}

function allowedOf(permanentFlags: string | undefined): Allowed {
  // a server that does not say takes everything (RFC 3501, 7.1)
  if (permanentFlags === undefined) return { flags: new Set(), any: true };
  const flags = permanentFlags.replace(/[()]/g, '').toLowerCase().split(/\s+/);
  return { flags: new Set(flags), any: flags.includes('\\*') };
}
