/**
 * A mailbox as the SOAP service shows it: folders and items with ids. Kept in plain files, in the account's folder:
 *
 * - `mailbox.json`: folders (with what they are for, and who may use them), tags, data sources;
 * - `items/<id>.json`: what is known of an item; contacts and calendar entries beside it as `<id>.vcf` and `<id>.ics`;
 * - messages in the Maildir, under names that begin with their id.
 *
 * An item is there once its content is in its place, which is the last step.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { maildirFlags } from '../../mail/maildir/flags';
import { FolderKeywords } from '../../mail/maildir/keywords';
import { folderName, systemFolderName } from '../../mail/maildir/names';
import type { SystemFolder } from '../../mail/target';
import { FIRST_ID, freshBox, SYSTEM, type BoxFile, type BoxFolder, type BoxItem } from './box-model';
import type { Account } from './mailboxes';
import { readJson, writeJson } from './settings';

const EXTENSIONS = { cn: 'vcf', appt: 'ics', task: 'ics' } as const;

export class MailBox {
  readonly state: BoxFile;
  readonly items = new Map<number, BoxItem>();
  /** Bytes of all items. */
  usedBytes = 0;
  private next = FIRST_ID;
  private readonly dir: string;
  private readonly itemDir: string;

  constructor(private readonly account: Account) {
    this.dir = account.place.accountDir;
    this.itemDir = join(this.dir, 'items');
    mkdirSync(this.itemDir, { recursive: true, mode: 0o700 });
    this.state = readJson<BoxFile>(this.stateFile, freshBox());
    this.save();
    this.load();
  }

  folder(id: number): BoxFolder | undefined {
    return this.state.folders.find((folder) => folder.id === id);
  }

  /** As `/Work/2024`. */
  folderByPath(path: string): BoxFolder | undefined {
    return path
      .split('/')
      .filter((part) => part !== '')
      .reduce<BoxFolder | undefined>((above, name) => above && this.child(above.id, name), this.folder(1));
  }

  child(l: number, name: string): BoxFolder | undefined {
    return this.state.folders.find((it) => it.l === l && it.name.toLowerCase() === name.toLowerCase());
  }

  addFolder(l: number, name: string, view: string): BoxFolder {
    const folder = { id: this.next++, uuid: randomUUID(), name, l, view, grants: [] };
    this.state.folders.push(folder);
    this.save();
    return folder;
  }

  /** With all that is in it. */
  deleteFolder(id: number): void {
    for (const inner of this.state.folders.filter(({ l }) => l === id)) this.deleteFolder(inner.id);
    for (const item of [...this.items.values()].filter(({ l }) => l === id)) {
      rmSync(join(this.dir, item.file), { force: true });
      rmSync(join(this.itemDir, `${item.id}.json`), { force: true });
      this.items.delete(item.id);
    }
    const dir = this.maildirOf(id);
    if (dir !== '') rmSync(join(this.account.place.maildir, dir), { recursive: true, force: true });
    this.state.folders.splice(
      this.state.folders.findIndex((folder) => folder.id === id),
      1,
    );
    this.save();
  }

  /** Tags are made as they come. */
  tag(name: string): { id: number; name: string } {
    const found = this.state.tags.find((tag) => tag.name.toLowerCase() === name.toLowerCase());
    if (found !== undefined) return found;
    const tag = { id: this.next++, name };
    this.state.tags.push(tag);
    this.save();
    return tag;
  }

  save(): void {
    writeJson(this.stateFile, this.state);
  }

  /** @param replaced id of the calendar entry in whose place it comes */
  add(item: Omit<BoxItem, 'id' | 'file'>, content: Buffer, replaced?: number): BoxItem {
    const id = replaced ?? this.next++;
    for (const name of item.tags) this.tag(name);
    const file =
      item.type === 'm' ? this.messageFile(id, item) : join('items', `${id}.${EXTENSIONS[item.type]}`);
    const whole = { ...item, id, file };
    writeJson(join(this.itemDir, `${id}.json`), whole);
    const temporary = join(this.dir, 'items', `.${id}.${randomBytes(4).toString('hex')}`);
    writeFileSync(temporary, content, { mode: 0o600 });
    utimesSync(temporary, new Date(), new Date(item.date));
    if (replaced !== undefined) rmSync(join(this.dir, file), { force: true });
    linkSync(temporary, join(this.dir, file));
    rmSync(temporary);
    this.usedBytes += content.length;
    this.items.set(id, whole);
    return whole;
  }

  retag(item: BoxItem, names: readonly string[]): void {
    for (const name of names) this.tag(name);
    item.tags = [...new Set([...item.tags, ...names])];
    writeJson(join(this.itemDir, `${item.id}.json`), item);
  }

  content(item: BoxItem): Buffer {
    return readFileSync(join(this.dir, item.file));
  }

  private get stateFile(): string {
    return join(this.dir, 'mailbox.json');
  }

  private load(): void {
    for (const name of readdirSync(this.itemDir)) {
      if (name.startsWith('.')) rmSync(join(this.itemDir, name));
      if (!/^\d+\.json$/.test(name)) continue;
      const item = readJson<BoxItem | null>(join(this.itemDir, name), null);
      if (item === null) continue;
      this.next = Math.max(this.next, item.id + 1);
      const found = statSync(join(this.dir, item.file), { throwIfNoEntry: false });
      if (found === undefined) continue;
      this.usedBytes += found.size;
      this.items.set(item.id, item);
    }
    for (const { id } of [...this.state.folders, ...this.state.tags]) this.next = Math.max(this.next, id + 1);
    this.adopt();
  }

  /** Messages that came into the Inbox another way get an id, too. */
  adopt(): void {
    const known = new Set([...this.items.values()].map(({ file }) => file));
    for (const part of ['new', 'cur']) {
      const dir = join(this.account.place.maildir, part);
      for (const name of existsSync(dir) ? readdirSync(dir) : []) {
        const file = join('Maildir', part, name);
        if (known.has(file)) continue;
        const id = this.next++;
        const { mtimeMs: date, size } = statSync(join(dir, name));
        this.usedBytes += size;
        const item: BoxItem = { id, type: 'm', l: 2, f: part === 'new' ? 'u' : '', tags: [], date, file };
        writeJson(join(this.itemDir, `${id}.json`), item);
        this.items.set(id, item);
      }
    }
  }

  private messageFile(id: number, { l, f, tags }: Omit<BoxItem, 'id' | 'file'>): string {
    const folder = this.maildirOf(l);
    const dir = join(this.account.place.maildir, folder);
    for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(dir, part), { recursive: true, mode: 0o700 });
    const keywords = new FolderKeywords(dir, null);
    const letters = keywords.letters(keywords.assign(tags).keywords);
    keywords.save();
    return join('Maildir', folder, 'cur', `${id}.soap:2,${maildirFlags(f, letters)}`);
  }

  /** The directory of the Maildir in which the messages of a folder are. */
  private maildirOf(id: number): string {
    const folder = this.folder(id);
    const system = SYSTEM.find(([known]) => known === id);
    if (folder === undefined || system !== undefined) {
      return system === undefined ? '' : systemFolderName(system[1] as SystemFolder);
    }
    const parent = folder.l === 1 ? undefined : this.maildirOf(folder.l);
    return folderName(parent, folder.name, () => false).folder;
  }
}

/** The mailboxes that were asked for since the daemon started. */
export class MailBoxes {
  private readonly open = new Map<string, MailBox>();

  of(account: Account): MailBox {
    const { accountDir } = account.place;
    const there = existsSync(join(accountDir, 'mailbox.json'));
    const box = (there ? this.open.get(accountDir) : undefined) ?? new MailBox(account);
    this.open.set(accountDir, box);
    return box;
  }
}
