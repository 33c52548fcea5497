/** Looks over IMAP into a mailbox that is filled over LMTP: filters may have put a message into any folder. */
import { Problem } from '../../failures';
import type { ImapConnection } from '../imap/connection';
import { byTrace, sentOf } from '../imap/doubts';
import { ImapFolders } from '../imap/folders';
import { codeOf, examine, leave, markOf, messagesFrom, type Mark } from '../imap/look-up';
import type { ImapSessions } from '../imap/sessions';
import type { DoubtfulMessage, ExistingMessage } from '../target';
import { wholeContent } from '../imap/message';
import { deliveredDigest } from './content';

/** After so many messages the caller is told. */
const TELL_EVERY = 100;

/** `next` in the mark of a folder that the server does not let us look into. */
const CLOSED = -1;

/** Where each folder ends: UIDVALIDITY and the UID that it would give next, or {@link CLOSED}. */
export type Marks = Readonly<Record<string, readonly [validity: number, next: number]>>;

export class LookUp {
  /** Folders that are left out, and why. */
  readonly closed = new Map<string, string>();

  private constructor(
    private readonly sessions: ImapSessions,
    /** Changes when the mailbox was made anew. */
    readonly instance: string,
  ) {}

  static async open(sessions: ImapSessions): Promise<LookUp> {
    try {
      const session = await sessions.control();
      const inbox = await session.must('EXAMINE INBOX');
      await leave(session);
      return new LookUp(sessions, `uidvalidity ${codeOf(inbox, 'UIDVALIDITY') ?? 'unknown'}`);
    } catch (error) {
      await sessions.close();
      throw error;
    }
  }

  async marks(): Promise<Marks> {
    const session = await this.sessions.control();
    const folders = await this.#folders();
    const marks = await Promise.all(folders.map((folder) => this.#mark(session, folder)));
    return Object.fromEntries(marks.map(({ folder, validity, next }) => [folder, [validity, next]]));
  }

  /** One folder that is refused for good is left out: nothing of it is known then. */
  async #mark(session: ImapConnection, folder: string): Promise<Mark> {
    try {
      return await markOf(session, folder);
    } catch (error) {
      if (!(error instanceof Problem) || error.type !== 'TargetRefused') throw error;
      if (error.details.passing === true) throw unavailable(folder, error);
      if (folder === 'INBOX') throw error;
      this.closed.set(folder, error.message);
      return { folder, validity: 0, next: CLOSED };
    }
  }

  /** How many messages of each content came since. */
  async countsSince(marks: Marks): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    const session = await this.sessions.control();
    for (const [folder, [validity, next]] of Object.entries(await this.marks())) {
      const [before, from] = marks[folder] ?? [];
      if (from === CLOSED || (before === validity && from === next)) continue;
      // it could be looked into: what it holds now must not be taken for nothing
      if (next === CLOSED && from !== undefined) throw unavailable(folder);
      if (next === CLOSED) continue;
      if ((await examine(session, folder)) === null) continue;
      // a folder that is new, or was made anew, counts from the beginning
      for await (const { bytes } of messagesFrom(session, before === validity ? (from ?? 1) : 1)) {
        const digest = deliveredDigest(bytes);
        counts.set(digest, (counts.get(digest) ?? 0) + 1);
      }
      await leave(session);
    }
    return counts;
  }

  async *existing(onProgress: (seen: number) => void): AsyncIterable<ExistingMessage> {
    let seen = 0;
    const session = await this.sessions.control();
    for (const folder of await this.#folders()) {
      if ((await examine(session, folder, 'wanted')) === null) continue;
      for await (const { bytes } of messagesFrom(session, 1)) {
        yield { kind: 'other', digest: deliveredDigest(bytes) };
        if (++seen % TELL_EVERY === 0) onProgress(seen);
      }
      await leave(session);
    }
    onProgress(seen);
  }

  /** As a multiset: of the batch that a mark was made for everything is in doubt. */
  async find(messages: readonly DoubtfulMessage[]): Promise<Set<number>> {
    const found = new Set<number>();
    for (const [trace, wanted] of byTrace(messages)) {
      const counts = await this.countsSince(JSON.parse(trace) as Marks);
      for (const doubt of wanted) {
        const sent = await sentOf(doubt);
        if (sent === null) continue;
        if (takeOne(counts, deliveredDigest(await wholeContent(sent.content)))) found.add(doubt.itemId);
      }
    }
    return found;
  }

  async close(): Promise<void> {
    await this.sessions.close();
  }

  async #folders(): Promise<string[]> {
    const folders = new ImapFolders(() => this.sessions.control());
    await folders.load();
    return folders.names();
  }
}

const unavailable = (folder: string, cause?: Problem): Problem =>
  new Problem('TargetUnavailable', cause?.message ?? `The folder "${folder}" cannot be looked into now.`, {
    folder,
  });

/** Whether there was one; then there is one less. */
export function takeOne(counts: Map<string, number>, digest: string): boolean {
  const left = counts.get(digest) ?? 0;
  if (left > 0) counts.set(digest, left - 1);
  return left > 0;
}
