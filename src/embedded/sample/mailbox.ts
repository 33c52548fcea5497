/** One account of the sample: its folders and tags, and the items that come in. */
import type { ItemState, ItemType } from '../../backup-path/model';
import type { BackupPathWriter } from '../../backup-path/writer';
import { passwordHash, type Person } from './cast';
import type { SampleAccount, SampleItem } from './facts';
import { folderTree, SYSTEM_FOLDERS, TAGS } from './folder-tree';
import { history } from './history';
import type { Random } from './random';

/** The server gives out ids from here. */
const FIRST_ID = 257;

export interface Folder {
  readonly id: number;
  readonly path: readonly string[];
}

/** Content that is in the store already. */
export interface Stored {
  readonly digest: string;
  readonly size: number;
}

export interface Arrival extends Stored {
  readonly type: ItemType;
  readonly folder: Folder;
  readonly flags: string;
  readonly tags?: readonly string[];
  readonly date: number;
  /** Whether it may have been read, moved or deleted since. */
  readonly plain?: boolean;
}

export class SampleMailbox {
  readonly #folders: Folder[] = [];
  readonly #tags: string[] = [];
  #nextId = FIRST_ID;
  #files = 0;
  #mountpoints = 0;

  constructor(
    private readonly random: Random,
    private readonly writer: BackupPathWriter,
    readonly person: Person,
    /** When the account was made, and when the backup was taken; epoch milliseconds. */
    private readonly times: { readonly created: number; readonly backup: number },
    private readonly onItem: (item: SampleItem) => void,
  ) {}

  /** Folders that the account has for filed mail. */
  get folders(): readonly Folder[] {
    return this.#folders;
  }

  get tags(): readonly string[] {
    return this.#tags;
  }

  /** Makes folders and tags, and a mountpoint when somebody shares something. */
  setUp(mountpoint: string | null): void {
    const { language } = this.person;
    for (const path of folderTree(language)) {
      const above = path.slice(0, -1).join('\n');
      const parent =
        above === 'INBOX' ? 2 : (this.#folders.find((f) => f.path.join('\n') === above)?.id ?? 1);
      const id = this.#apart('folder', path.at(-1) ?? '', parent);
      this.#folders.push({ id, path });
    }
    this.#removedFolder();
    for (const name of TAGS[language]) {
      this.#apart('tag', name, 1);
      this.#tags.push(name);
    }
    if (mountpoint !== null) {
      this.#apart('mountpoint', mountpoint, 1);
      this.#mountpoints++;
    }
  }

  /** Adds an item with its history. Answers its id. */
  add(arrival: Arrival): number {
    const { type, folder, flags, digest, size, date } = arrival;
    const start = date + this.random.int(1, 60) * 1000;
    const current: ItemState = {
      ...{ start, end: null, type, deleted: false, folder: folder.id, name: null },
      ...{ flags, tags: arrival.tags ?? [], date, size, digest },
    };
    const states = arrival.plain ? [current] : history(this.random, current, this.times.backup);
    const last = states.at(-1) ?? current;
    const id = this.#write(states);
    // one that was thrown away before it was deleted is in the trash
    const { path } = last.folder === folder.id ? folder : SYSTEM_FOLDERS.trash;
    this.onItem({
      ...{ account: this.person.address, item: id, type, folder: path, digest, size, date },
      ...{ flags: last.flags, tags: last.tags, deleted: last.deleted, states: states.length },
    });
    return id;
  }

  /** Writes what is known only at the end, and answers what the account has. */
  finish(sharedWith: string | null): SampleAccount {
    const { id, address, status, system, aliases, cos, name } = this.person;
    const { created, backup } = this.times;
    this.writer.account({
      ...{ id, name: address, status, system, cos, aliases, displayName: name },
      passwordHash: system ? null : passwordHash(this.random),
      attributes: {
        zimbraMailQuota: '0',
        zimbraPrefLocale: this.person.language,
        zimbraFeatureOutOfOfficeReplyEnabled: 'TRUE',
        mail: [address, ...aliases],
      },
      signatures: system
        ? []
        : [
            {
              name: 'Standard',
              html: `<p>-- <br><b>${name}</b><br><a href="mailto:${address}">${address}</a></p>`,
            },
          ],
      dataSources: this.random.chance(0.3)
        ? [
            {
              name: 'Old provider',
              type: 'imap',
              host: 'imap.example.net',
              user: address.split('@')[0] ?? '',
            },
          ]
        : [],
      shares:
        sharedWith === null
          ? []
          : [{ folderId: this.#folders[0]?.id ?? 2, grantee: sharedWith, rights: 'r' }],
      backupEnabled: true,
      createdAt: created,
      deletedAt: status === 'deleted' ? backup - 40 * 86_400_000 : null,
    });
    this.writer.accountStat(id, { lastItemId: this.#nextId - 1, items: this.#files, lastScan: backup });
    // the removed folder counts: it has a metadata file too
    const folders = this.#folders.length + 1;
    return { id, address, status, system, folders, tags: this.#tags.length, mountpoints: this.#mountpoints };
  }

  #apart(type: 'folder' | 'tag' | 'mountpoint', name: string, parent: number): number {
    return this.#write([this.#named(type, name, parent)]);
  }

  #removedFolder(): void {
    const { created } = this.times;
    const first = this.#named('folder', 'Old stuff', 1);
    const end = created + 90 * 86_400_000;
    this.#write([
      { ...first, end },
      { ...first, start: end, deleted: true },
    ]);
  }

  #named(type: ItemType, name: string, folder: number): ItemState {
    const { created } = this.times;
    return {
      ...{ start: created, end: null, type, deleted: false, folder, name, flags: '', tags: [] },
      ...{ date: created, size: 0, digest: null },
    };
  }

  #write(states: readonly ItemState[]): number {
    const id = this.#nextId++;
    this.writer.item(this.person.id, id, states);
    this.#files++;
    return id;
  }
}

/** A folder for an item of this type that is no message. */
export function folderFor(type: 'contact' | 'appointment' | 'task' | 'document'): Folder {
  const folders = {
    contact: 'contacts',
    appointment: 'calendar',
    task: 'tasks',
    document: 'briefcase',
  } as const;
  return SYSTEM_FOLDERS[folders[type]];
}
