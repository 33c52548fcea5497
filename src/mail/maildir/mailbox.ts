import * as fs from 'node:fs';
import { join } from 'node:path';
import type {
  DeliveryOutcome,
  ExistingMessage,
  FolderResult,
  Mailbox,
  OutgoingMessage,
  SystemFolder,
} from '../target';
import type { AccountPlace } from './address';
import { isRealDirectory, removeFile } from './durable';
import type { Owner } from './durable';
import { maildirFlags } from './flags';
import { Folders } from './folders';
import { FolderKeywords } from './keywords';
import { findMessages, listMessages } from './listing';
import { baseName, isOurTemporary } from './message-file';
import { folderName, systemFolderName } from './names';
import { Staging } from './staging';
import { onTarget } from './system-error';

/** One account's Maildir. Opening it makes it when it is missing. */
export class MaildirMailbox implements Mailbox {
  readonly #folders: Folders;
  readonly #staging: Staging;
  readonly #keywords = new Map<string, FolderKeywords>();

  /**
   * @param root the target's directory
   * @param owner to whom new files belong
   * @param maxLineLength longest line in bytes that a message may have; null for any
   */
  constructor(
    root: string,
    private readonly place: AccountPlace,
    private readonly owner: Owner,
    maxLineLength: number | null,
  ) {
    this.#folders = new Folders(root, place, owner);
    this.#staging = new Staging(owner, maxLineLength);
    this.#folders.makeRoot();
  }

  async cleanLeftovers(isOurs: (itemId: number, key: string) => boolean): Promise<void> {
    for (const folder of ['', ...this.#dotFolders()]) {
      const temporary = join(this.#folders.path(folder), 'tmp');
      if (!isDirectory(temporary)) continue;
      for (const name of onTarget(temporary, () => fs.readdirSync(temporary))) {
        if (isOurTemporary(name, isOurs)) removeFile(join(temporary, name));
      }
    }
  }

  existing(onProgress: (seen: number) => void, folder?: string): AsyncIterable<ExistingMessage> {
    const only = folder === undefined ? undefined : this.#folders.path(folder);
    return listMessages(this.place.maildir, onProgress, only);
  }

  async findDelivered(messages: readonly { itemId: number; key: string }[]): Promise<Set<number>> {
    return findMessages(this.place.maildir, messages);
  }

  async systemFolder(role: SystemFolder): Promise<FolderResult> {
    const folder = systemFolderName(role);
    return { folder, created: this.#folders.ensure(folder) };
  }

  async folder(
    parent: string | undefined,
    name: string,
    taken: (candidate: string) => boolean,
  ): Promise<FolderResult> {
    const named = folderName(parent, name, taken);
    return { ...named, created: this.#folders.ensure(named.folder) };
  }

  async ensureFolder(folder: string): Promise<void> {
    this.#folders.ensure(folder);
  }

  accepts(type: string): boolean {
    return type === 'message';
  }

  async deliver(message: OutgoingMessage): Promise<DeliveryOutcome> {
    const { folder, flags, content, date } = message;
    this.#folders.ensure(folder);
    const { keywords, notes } =
      message.tags.length === 0 ? { keywords: [], notes: [] } : this.#keywordsOf(folder).assign(message.tags);
    const folderPath = this.#folders.path(folder);
    const base = baseName(message);
    const reason = await this.#staging.add({ folder, folderPath, base, flags, keywords, content, date });
    return reason === null ? { kind: 'accepted', notes } : { kind: 'invalid', reason };
  }

  async commit(stillCurrent: () => void): Promise<void> {
    await this.#staging.durable();
    this.#folders.sync();
    for (const keywords of this.#keywords.values()) keywords.save();
    stillCurrent();
    this.#staging.publish(
      (folder) => this.#folders.path(folder),
      ({ folder, flags, keywords }) =>
        maildirFlags(flags, keywords.length === 0 ? '' : this.#keywordsOf(folder).letters(keywords)),
    );
  }

  async close(): Promise<void> {
    this.#staging.drop();
  }

  #keywordsOf(folder: string): FolderKeywords {
    let keywords = this.#keywords.get(folder);
    if (keywords === undefined) {
      keywords = new FolderKeywords(this.#folders.path(folder), this.owner);
      this.#keywords.set(folder, keywords);
    }
    return keywords;
  }

  #dotFolders(): string[] {
    const { maildir } = this.place;
    if (!isRealDirectory(maildir)) return [];
    return onTarget(maildir, () => fs.readdirSync(maildir)).filter(
      (name) => name.startsWith('.') && isDirectory(join(maildir, name)),
    );
  }
}

function isDirectory(path: string): boolean {
  return onTarget(path, () => fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
}
