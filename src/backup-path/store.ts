/** A Backup Path, opened for reading. */
import { readdirSync, statfsSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { Problem } from '../failures';
import { BlobReader } from './blob';
import { broken, type Defect, errorCode, readDefect } from './defect';
import type { Evidence } from './evidence';
import { findDialect, knownDialects, SchemaError, type Dialect } from './dialect';
import { ACCOUNTS, accountDir, BLOBS, isAccountId, itemPath, MARKER } from './layout';
import type { AccountInfo, Documents, ItemState, Marker, ServerConfig } from './model';
import { readMarker, realRoot } from './recognise';
import { SafeFiles } from './safe-fs';
import { archivesOf, readConfigArchive } from './server-archives';

/** No honest metadata file comes near it; a hostile one does not fill the memory. Bytes. */
const METADATA_LIMIT = 8 * 1024 * 1024;
/** Type of a file system that a user's program serves, in `statfs`. */
const FUSE = 0x65735546;

export class BackupPath {
  readonly blobs: BlobReader;
  private readonly identity: string;

  private constructor(
    readonly files: SafeFiles,
    readonly dialect: Dialect,
    readonly marker: Marker,
  ) {
    this.blobs = new BlobReader(files);
    this.identity = this.currentIdentity();
  }

  get root(): string {
    return this.files.root;
  }

  /**
   * Opens and recognises a Backup Path.
   * @throws Problem `SourceNotFound`, `SourceNotReadable`, `NotABackupPath`, `UnknownDialect`
   */
  static open(path: string): BackupPath {
    if (!isAbsolute(path)) throw new Problem('InvalidInput', `The path "${path}" is not absolute.`);
    const root = realRoot(path);
    const files = new SafeFiles(root);
    const markerPath = files.absolute(MARKER);
    const raw = readMarker(files, markerPath, path);
    const name = (raw as { dialect?: unknown } | null)?.dialect;
    if (typeof name !== 'string') {
      throw new Problem('NotABackupPath', `${markerPath} does not name a dialect.`, { path });
    }
    const dialect = findDialect(name);
    if (!dialect) {
      throw new Problem(
        'UnknownDialect',
        `${path} is written in the dialect "${name.slice(0, 80)}"; known here: ${knownDialects().join(', ')}.`,
        { path },
      );
    }
    try {
      return new BackupPath(files, dialect, dialect.decode('marker', raw));
    } catch (error) {
      if (error instanceof SchemaError) {
        throw new Problem(
          'NotABackupPath',
          `${markerPath} is damaged: ${error.message}.`,
          { path },
          { cause: error },
        );
      }
      throw error;
    }
  }

  /**
   * Null while the store is what it was when it was opened; otherwise what is missing. Cheap: asked before any
   * read error is believed, because a store that went away makes every item look unreadable.
   */
  gone(): string | null {
    try {
      this.files.read(this.files.absolute(MARKER), METADATA_LIMIT);
      const now = this.currentIdentity();
      return now === this.identity ? null : `${this.root} is another folder than before`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** What a defect shows, with what the store knows of the file system that it lies on. */
  evidenceOf(defect: Defect): Evidence {
    return defect.kind === 'read' && this.onFuse() ? { ...defect.evidence, fuse: true } : defect.evidence;
  }

  private onFuse(): boolean {
    try {
      return statfsSync(this.root).type === FUSE;
    } catch {
      return false; // whoever reads there is told more
    }
  }

  /** @throws Problem `SourceUnavailable` when the store is not what it was when it was opened */
  assertThere(): void {
    const gone = this.gone();
    if (gone !== null)
      throw new Problem('SourceUnavailable', `The Backup Path went away: ${gone}.`, { path: this.root });
  }

  private currentIdentity(): string {
    return [this.root, this.files.absolute(ACCOUNTS), this.files.absolute(BLOBS)]
      .map((path) => {
        try {
          const stat = statSync(path, { throwIfNoEntry: false });
          return stat ? `${stat.dev}:${stat.ino}` : 'none';
        } catch (error) {
          // whoever reads there is told more
          return errorCode(error) ?? 'error';
        }
      })
      .join(' ');
  }

  /** Ids of the accounts, sorted. `strays` are names in accounts/ that cannot be accounts. */
  accountIds(): { ids: string[]; strays: string[] } {
    const path = this.files.absolute(ACCOUNTS);
    this.files.checkFolder(ACCOUNTS);
    let names: string[];
    try {
      names = readdirSync(path);
    } catch (error) {
      throw readDefect(error, path);
    }
    names.sort();
    return {
      ids: names.filter(isAccountId),
      strays: names.filter((name) => !isAccountId(name) && !name.startsWith('.')),
    };
  }

  /** @throws Defect */
  accountInfo(accountId: string): AccountInfo {
    const path = `${accountDir(accountId)}/account_info`;
    this.files.checkFolder(accountDir(accountId));
    const info = this.document('account', path);
    if (info.id !== accountId) {
      throw broken(
        `account_info of ${info.id.slice(0, 64)} in the folder of another account`,
        this.files.absolute(path),
      );
    }
    return info;
  }

  /**
   * Every state of an item, oldest first, at least one.
   * @throws Defect
   */
  itemStates(path: string): ItemState[] {
    return this.statesIn(this.files.read(path, METADATA_LIMIT), path);
  }

  /**
   * The states that the content of a metadata file holds, oldest first, at least one.
   * @throws Defect
   */
  statesIn(content: Buffer, path: string): ItemState[] {
    const value = parsed(content, path);
    if (!Array.isArray(value) || value.length === 0) throw broken('no list of states', path);
    try {
      return value.map((state) => this.dialect.decode('state', state));
    } catch (error) {
      if (error instanceof SchemaError) throw broken(error.message, path);
      throw error;
    }
  }

  /** The states of an item by its id, wherever it is in the walk. @throws Defect */
  itemById(accountId: string, itemId: number): ItemState[] {
    const relative = itemPath(accountId, itemId);
    this.files.checkFolder(relative.slice(0, relative.lastIndexOf('/')));
    return this.itemStates(this.files.absolute(relative));
  }

  /**
   * The newest server configuration, or null when the store has none.
   * @throws Defect
   */
  serverConfig(): ServerConfig | null {
    const newest = archivesOf(this.files, 'config').at(-1);
    return newest === undefined ? null : readConfigArchive(this.files, this.dialect, newest.path);
  }

  /** @throws Defect */
  document<K extends keyof Documents>(kind: K, relative: string): Documents[K] {
    const path = this.files.absolute(relative);
    const value = this.json(path);
    try {
      return this.dialect.decode(kind, value);
    } catch (error) {
      if (error instanceof SchemaError) throw broken(error.message, path);
      throw error;
    }
  }

  private json(path: string): unknown {
    return parsed(this.files.read(path, METADATA_LIMIT), path);
  }
}

function parsed(content: Buffer, path: string): unknown {
  if (content.length === 0) throw broken('the file is empty', path);
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    throw broken('no valid JSON', path);
  }
}
