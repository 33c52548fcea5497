/** The folders of one mailbox over SOAP: found, and made. They are known to the engine by their paths. */
import { Problem } from '../../failures';
import { OneByOne } from '../../host/one-by-one';
import { tamerNames } from '../imap/names';
import { wellFormed } from '../maildir/utf7';
import type { FolderResult, SystemFolder } from '../target';
import { isFault } from './fault';
import { firstOf, idIn } from './json';
import type { AccountSession } from './session';
import type { HeldFolder, Snapshot } from './snapshot';

const ROOT = 1;
/** Ids that every mailbox has (mail-server reference, section 5; 15 and 16 by the server's source). */
const SYSTEM: Readonly<Record<SystemFolder, { readonly id: number; readonly view: string }>> = {
  Inbox: { id: 2, view: 'message' },
  Trash: { id: 3, view: 'message' },
  Junk: { id: 4, view: 'message' },
  Sent: { id: 5, view: 'message' },
  Drafts: { id: 6, view: 'message' },
  Contacts: { id: 7, view: 'contact' },
  Calendar: { id: 10, view: 'appointment' },
  'Emailed Contacts': { id: 13, view: 'contact' },
  Chats: { id: 14, view: 'message' },
  Tasks: { id: 15, view: 'task' },
  Briefcase: { id: 16, view: 'document' },
};
/** Ids below belong to the server. */
const FIRST_OF_USER = 256;
/** The server allows 128 characters; some are for what makes a name another one. */
const LONGEST_NAME = 110;
const MOST_TRIES = 1_000;

export class CarbonioFolders {
  readonly #known = new Map<string, HeldFolder>();
  /** For mail, and nothing is in them: what they are for is not settled before something is. */
  readonly #fresh = new Set<string>();
  readonly #remaking = new OneByOne();

  constructor(
    private readonly session: AccountSession,
    { folders }: Pick<Snapshot, 'folders'>,
  ) {
    for (const folder of folders) {
      const key = keyOf(folder.path);
      this.#known.set(key, folder);
      const { id, own, empty, view } = folder;
      if (own && empty && id >= FIRST_OF_USER && view === 'message') this.#fresh.add(key);
    }
  }

  /** @throws Problem when it is not known: the engine asks for folders first */
  idOf(path: string): number {
    const found = this.#known.get(keyOf(path));
    if (found === undefined) throw new Problem('TargetRefused', `The folder "${path}" is not there.`);
    return found.id;
  }

  /** The id of a folder that is there; of a system folder also by its number. */
  find(pathOrNumber: string): number | null {
    const system = /^\d+$/.test(pathOrNumber) ? Number(pathOrNumber) : 0;
    if (system > 0 && system < FIRST_OF_USER && this.#withId(system) !== undefined) return system;
    return this.#known.get(keyOf(pathOrNumber))?.id ?? null;
  }

  async system(role: SystemFolder): Promise<FolderResult> {
    const { id, view } = SYSTEM[role];
    const found = this.#withId(id);
    if (found !== undefined) return { folder: found.path, created: false };
    // of a release that has no such folder
    const path = `/${role}`;
    return { folder: path, created: await this.#make(path, view) };
  }

  async folder(
    parent: string | undefined,
    name: string,
    taken: (candidate: string) => boolean,
  ): Promise<FolderResult> {
    const above = parent ?? '';
    let refusal = '';
    for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
      const suffix = attempt === 1 ? '' : `-${attempt}`;
      for (const part of [cleanName(name) + suffix, ...tamerNames(name.slice(0, LONGEST_NAME), suffix)]) {
        const there = this.#known.get(keyOf(`${above}/${part}`));
        const path = there?.path ?? `${above}/${part}`;
        if (taken(path) || (there !== undefined && (!there.own || there.id < FIRST_OF_USER))) break;
        try {
          const created = await this.#make(path, this.#viewBelow(above));
          return { folder: path, created, ...(part === name ? {} : { renamedTo: part }) };
        } catch (error) {
          if (isFault(error, 'mail.ALREADY_EXISTS')) break;
          if (!isFault(error, 'mail.INVALID_NAME', 'service.INVALID_REQUEST')) throw error;
          refusal = error.words;
        }
      }
      if (refusal !== '') break;
    }
    throw new Problem('TargetRefused', `The folder "${name}" cannot be made: ${refusal || 'no free name'}.`);
  }

  /** Makes it again when it is gone. @param view of what it is then for @returns whether it was */
  async ensure(path: string, view?: string): Promise<boolean> {
    if (this.#known.has(keyOf(path))) return false;
    const end = path.lastIndexOf('/');
    const parent = path.slice(0, end);
    if (parent !== '') await this.ensure(parent);
    return this.#make(path, view ?? this.#viewBelow(parent));
  }

  /**
   * The id of a folder into which something goes; waits while it is being made again.
   * @throws Problem when it is not known: the engine asks for folders first
   */
  async placeOf(path: string): Promise<number> {
    await this.#remaking.run(async () => undefined);
    return this.idOf(path);
  }

  /** Somebody removed it, or a folder above it. Of many that find out at once the first makes it again. */
  remake(path: string, usedId: number): Promise<void> {
    return this.#remaking.run(async () => {
      const before = this.#known.get(keyOf(path));
      if (before?.id !== usedId) return;
      this.#forget(path);
      await this.ensure(path, before.view ?? undefined);
    });
  }

  #forget(path: string): void {
    for (const key of [...this.#known.keys()]) {
      if (key === keyOf(path) || key.startsWith(`${keyOf(path)}/`)) this.#known.delete(key);
    }
  }

  /**
   * Shows a folder in which nothing is among the calendars, say, when what goes into it first is of that kind: the Backup
   * Path does not tell what a folder is for.
   */
  async becomes(path: string, view: string): Promise<void> {
    const key = keyOf(path);
    const folder = this.#known.get(key);
    if (!this.#fresh.delete(key) || folder === undefined || folder.view === view) return;
    this.#known.set(key, { ...folder, view });
    await this.session.call('FolderAction', { action: { id: String(folder.id), op: 'update', view } });
  }

  #withId(wanted: number): HeldFolder | undefined {
    return [...this.#known.values()].find(({ id, own }) => id === wanted && own);
  }

  #viewBelow(parent: string): string {
    const above = parent === '' ? undefined : this.#known.get(keyOf(parent));
    // also below the Inbox: everything else than mail has folders of its own
    return above?.view ?? 'message';
  }

  async #make(path: string, view: string): Promise<boolean> {
    if (this.#known.has(keyOf(path))) return false;
    const end = path.lastIndexOf('/');
    const parent = path.slice(0, end);
    const l = String(parent === '' ? ROOT : this.idOf(parent));
    const folder = { name: path.slice(end + 1), l, view, fie: '1' };
    const answer = await this.session.call('CreateFolder', { folder });
    const id = idIn(firstOf(answer, 'folder', 'CreateFolder'), 'CreateFolder');
    this.#known.set(keyOf(path), { id, path, view, own: true, empty: true });
    this.#fresh.add(keyOf(path));
    return true;
  }
}

/** The server tells names apart without regard to case. */
const keyOf = (path: string): string => path.normalize('NFC').toLowerCase();

function cleanName(name: string): string {
  const plain = wellFormed(name)
    .replace(/[/\p{Cc}\u2028\u2029\uffff]/gu, '_')
    .trim();
  return [...plain].slice(0, LONGEST_NAME).join('').trim() || '_';
}
