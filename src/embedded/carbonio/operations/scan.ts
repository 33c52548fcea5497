/**
 * `backup doSmartScan` and `doAccountScan`: the mailboxes into the own Backup Path, additive, a new state for what
 * changed, a deleted state for what is gone. Messages, folders and accounts only.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { Defect } from '../../../backup-path/defect';
import { digestOf } from '../../../backup-path/digest';
import { itemPath, MARKER } from '../../../backup-path/layout';
import type { AccountInfo, ItemState } from '../../../backup-path/model';
import { BackupPath } from '../../../backup-path/store';
import { walkItems } from '../../../backup-path/walk';
import { BackupPathWriter } from '../../../backup-path/writer';
import { decodeUtf7 } from '../../../mail/maildir/utf7';
import type { Host } from '../host';
import type { Account } from '../mailboxes';
import { Refusal } from '../refusal';
import { readJson, writeJson } from '../settings';
import type { Stats } from './model';
import { saveServerConfig } from './server-config';

const SYSTEM_FOLDERS: Readonly<Record<string, number>> = {
  '': 2,
  '.Trash': 3,
  '.Junk': 4,
  '.Sent': 5,
  '.Drafts': 6,
};
const ROOT = 1;
const FIRST_ID = 257;
const LETTERS: Readonly<Record<string, string>> = { F: 'f', R: 'r', P: 'w', D: 'd', T: 'x' };

interface Ids {
  next: number;
  readonly of: Record<string, number>;
}
export interface ScanCounts {
  accounts: number;
  newAccounts: number;
  deletedAccounts: number;
  items: number;
  updated: number;
  deleted: number;
}

export const statsOf = (counts: ScanCounts, path: string): Stats => [
  ['new accounts', String(counts.newAccounts)],
  ['accounts updated', String(counts.accounts - counts.newAccounts)],
  ['accounts deleted', String(counts.deletedAccounts)],
  ['item updated', String(counts.updated)],
  ['item deleted', String(counts.deleted)],
  ['checked items', String(counts.items)],
  ['backup path', path],
];

/** The own Backup Path, initialised when it is not; that of another server is refused. */
export function openOwn(host: Host): { store: BackupPath; writer: BackupPathWriter } {
  const root = host.backupPath;
  if (!existsSync(join(root, MARKER))) {
    const { serverId, host: serverName } = host.settings;
    BackupPathWriter.create(root, { serverId, serverName, createdAt: new Date(), durable: false });
  }
  const store = BackupPath.open(root);
  if (store.marker.serverId !== host.settings.serverId)
    throw new Refusal(`${root} is the backup path of another server (${store.marker.serverName})`);
  return { store, writer: BackupPathWriter.open(root, false) };
}

/** What the Real Time Scanner does after a delivery: nothing while it is off, or the Backup Path not initialised. */
export function realTimeScan(host: Host, account: Account): void {
  if (!host.services.isRunning('RealTime Scanner') || !host.backupInitialised) return;
  try {
    const scan = Scan.begin(host);
    if (scan.accounts().some(({ id }) => id === account.id)) scan.account(account);
  } catch (error) {
    // the delivery is done, whatever became of its backup
    host.log(`real time scan of ${account.name}`, error);
  }
}

export class Scan {
  readonly counts: ScanCounts = {
    ...{ accounts: 0, newAccounts: 0, deletedAccounts: 0, items: 0, updated: 0, deleted: 0 },
  };

  private constructor(
    private readonly host: Host,
    private readonly store: BackupPath,
    private readonly writer: BackupPathWriter,
    private readonly now: number,
  ) {}

  static begin(host: Host): Scan {
    const { store, writer } = openOwn(host);
    return new Scan(host, store, writer, Date.now());
  }

  /** Accounts whose backup is off are treated as deleted (documented). */
  accounts(): Account[] {
    return this.host.mailboxes.accounts().filter((account) => this.host.isBackedUp(account));
  }

  account(account: Account): void {
    const { id, place } = account;
    const known = existsSync(join(this.store.root, 'accounts', id, 'account_info'));
    this.counts.accounts++;
    if (!known) this.counts.newAccounts++;
    this.writer.account(this.infoOf(account));
    const idsFile = join(this.host.places.state, `ids-${id}.json`);
    const ids = readJson<Ids>(idsFile, { next: FIRST_ID, of: {} });
    const idOf = (key: string): number => (ids.of[key] ??= ids.next++);
    const seen = new Set<number>();
    for (const folder of this.foldersOf(place.maildir)) {
      const folderId = SYSTEM_FOLDERS[folder] ?? idOf(`folder ${folder}`);
      if (SYSTEM_FOLDERS[folder] === undefined) this.folder(id, folder, folderId, idOf, seen);
    }
    for (const path of this.host.mailboxes.files(place)) {
      const folder = relative(place.maildir, dirname(dirname(path)));
      const [base = '', flags = ''] = basename(path).split(':2,');
      const itemId = idOf(`message ${base}`);
      seen.add(itemId);
      this.message(id, itemId, path, SYSTEM_FOLDERS[folder] ?? idOf(`folder ${folder}`), flags);
    }
    this.missing(id, seen);
    writeJson(idsFile, ids);
  }

  /** Accounts of the backup that are no more. */
  goneAccounts(there: ReadonlySet<string>): void {
    for (const id of this.store.accountIds().ids) {
      if (there.has(id)) continue;
      const info = this.store.accountInfo(id);
      if (info.status === 'deleted') continue;
      // an account that lives, and whose backup is off, counts as deleted (documented)
      const backupEnabled = this.host.mailboxes.find(id) === undefined;
      this.writer.account({ ...info, status: 'deleted', deletedAt: this.now, backupEnabled });
      this.counts.deletedAccounts++;
    }
  }

  finish(): void {
    saveServerConfig(this.host, this.store, this.writer, this.now);
    this.writer.backupStat(new Date(this.store.marker.createdAt ?? this.now), new Date(this.now));
  }

  private infoOf({ id, name, status, aliases, displayName, attributes, ...account }: Account): AccountInfo {
    const coses = this.host.mailboxes.registered('coses');
    const cos = coses.find((one) => one.name === account.cos)?.id ?? account.cos;
    return {
      ...{ id, name, system: false, cos, aliases, displayName, attributes, createdAt: null, deletedAt: null },
      ...{ status: status as AccountInfo['status'], passwordHash: this.host.mailboxes.passwordHash(name) },
      ...{ signatures: [], dataSources: [], shares: [], backupEnabled: true },
    };
  }

  private foldersOf(maildir: string): string[] {
    if (!existsSync(maildir)) return [];
    return readdirSync(maildir).filter(
      (name) => name.startsWith('.') && existsSync(join(maildir, name, 'cur')),
    );
  }

  private folder(
    account: string,
    folder: string,
    id: number,
    idOf: (key: string) => number,
    seen: Set<number>,
  ) {
    seen.add(id);
    const dot = folder.lastIndexOf('.');
    const parent = folder.slice(0, dot);
    const parentId = parent === '' ? ROOT : (SYSTEM_FOLDERS[parent] ?? idOf(`folder ${parent}`));
    const name = decodeUtf7(folder.slice(dot + 1)) ?? folder.slice(dot + 1);
    this.put(account, id, { ...this.blank('folder', parentId), name });
  }

  private message(account: string, id: number, path: string, folder: number, flags: string): void {
    this.counts.items++;
    const letters = (flags.includes('S') ? '' : 'u') + [...flags].map((flag) => LETTERS[flag] ?? '').join('');
    const before = this.latest(account, id);
    if (before?.digest && !before.deleted && before.folder === folder && before.flags === letters) return;
    const content = readFileSync(path);
    this.writer.blob(content);
    const state = {
      ...this.blank('message', folder),
      flags: letters,
      date: Math.round(statSync(path).mtimeMs),
    };
    this.put(account, id, { ...state, size: content.length, digest: digestOf(content) });
    this.counts.updated++;
  }

  private missing(account: string, seen: ReadonlySet<number>): void {
    for (const entry of walkItems(this.store, account)) {
      if (entry.kind === 'folder' || seen.has(entry.id)) continue;
      const last = this.latest(account, entry.id);
      if (last === undefined || last.deleted) continue;
      this.put(account, entry.id, { ...last, start: this.now, deleted: true });
      this.counts.deleted++;
    }
  }

  private blank(type: ItemState['type'], folder: number): ItemState {
    return {
      ...{ start: this.now, end: null, type, deleted: false, folder, name: null, flags: '', tags: [] },
      ...{ date: this.now, size: 0, digest: null },
    };
  }

  /** Adds a state unless it says the same as the last. */
  private put(account: string, id: number, state: ItemState): void {
    const states = this.states(account, id);
    const last = states.at(-1);
    if (last !== undefined && sameState(last, state)) return;
    const closed = states.map((one) => (one === last ? { ...one, end: this.now } : one));
    this.writer.item(account, id, [...closed, state]);
  }

  private latest(account: string, id: number): ItemState | undefined {
    return this.states(account, id).at(-1);
  }

  private states(account: string, id: number): ItemState[] {
    if (!existsSync(join(this.store.root, itemPath(account, id)))) return [];
    try {
      return this.store.itemById(account, id);
    } catch (error) {
      if (error instanceof Defect) return []; // a damaged history begins anew
      throw error;
    }
  }
}

const sameState = (a: ItemState, b: ItemState): boolean =>
  a.type === b.type &&
  a.folder === b.folder &&
  a.name === b.name &&
  a.flags === b.flags &&
  a.deleted === b.deleted &&
  a.digest === b.digest;
