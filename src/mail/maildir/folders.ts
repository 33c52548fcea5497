import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { Problem } from '../../failures';
import type { AccountPlace } from './address';
import { show } from './address';
import { createFile, isRealDirectory, makeDirectory, syncDirectory } from './durable';
import type { Owner } from './durable';
import { isFolderName } from './names';
import { Subscriptions } from './subscriptions';
import { onTarget } from './system-error';

/** The directories of one mailbox: made when missing, never through symbolic links, durable after `sync()`. */
export class Folders {
  /** Folders that were seen to be whole since this mailbox was opened. */
  readonly #ready = new Set<string>();
  /** Directories with new entries that are not on disk yet. */
  readonly #unsynced = new Set<string>();
  readonly #subscriptions: Subscriptions;

  constructor(
    private readonly root: string,
    private readonly place: AccountPlace,
    private readonly owner: Owner,
  ) {
    this.#subscriptions = new Subscriptions(place.maildir, owner);
  }

  /** Makes the mailbox itself: the account's directories and the Inbox. Answers whether it was missing. */
  makeRoot(): boolean {
    for (const path of [this.place.domainDir, this.place.accountDir]) this.#make(path);
    const created = this.#make(this.place.maildir);
    this.#makeParts('');
    return created;
  }

  /** Absolute path of a folder. */
  path(folder: string): string {
    return folder === '' ? this.place.maildir : join(this.place.maildir, folder);
  }

  /**
   * Makes a folder unless it is there, and subscribes it; answers whether it was missing.
   *
   * @throws Problem InvalidInput for a name that cannot be a folder's
   */
  ensure(folder: string): boolean {
    if (this.#ready.has(folder)) return false;
    if (!isFolderName(folder)) {
      throw new Problem('InvalidInput', `${show(folder)} is no folder of a Maildir.`);
    }
    const path = this.path(folder);
    const missing = folder !== '' && !isRealDirectory(path);
    // First: a folder that nobody subscribed to would stay hidden if we were killed here.
    if (missing) this.#subscriptions.add(folder);
    const created = folder !== '' && this.#make(path);
    this.#makeParts(folder);
    return created;
  }

  /** Puts every new directory on disk, the innermost first. */
  sync(): void {
    this.#subscriptions.sync();
    for (const path of [...this.#unsynced].sort((a, b) => b.length - a.length)) syncDirectory(path);
    this.#unsynced.clear();
  }

  #makeParts(folder: string): void {
    const path = this.path(folder);
    // Readers look for `cur`: it comes last.
    for (const part of ['tmp', 'new', 'cur']) this.#make(join(path, part));
    if (folder !== '') this.#mark(path);
    this.#ready.add(folder);
  }

  /** `maildirfolder` tells delivery programs that this is a folder of the Maildir above. */
  #mark(path: string): void {
    const marker = join(path, 'maildirfolder');
    if (onTarget(marker, () => fs.lstatSync(marker, { throwIfNoEntry: false })) !== undefined) return;
    fs.closeSync(createFile(marker, this.owner));
    this.#unsynced.add(path);
  }

  #make(path: string): boolean {
    const created = makeDirectory(path, this.owner);
    if (created) {
      // A directory's name is in its parent; its own entries follow from what is made in it.
      const parent = dirname(path);
      this.#unsynced.add(parent.startsWith(this.root) ? parent : this.root);
    }
    return created;
  }
}
