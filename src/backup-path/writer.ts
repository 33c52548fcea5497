/** Writing a Backup Path: blobs before the metadata that names them, nothing ever half-written under its name. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { errorCode } from './defect';
import { findDialect, LIFEBOAT_1, type Dialect } from './dialect';
import { digestOf } from './digest';
import { accountDir, archiveStamp, blobPath, itemPath, MARKER, SERVER } from './layout';
import type { AccountInfo, AccountStat, ItemState, ServerConfig } from './model';

export interface WriterOptions {
  readonly serverId: string;
  readonly serverName: string;
  readonly createdAt: Date;
  /** fsync every file and folder (default). Off only for data that can be made again, such as a sample. */
  readonly durable?: boolean;
}

export class BackupPathWriter {
  private readonly dialect: Dialect;
  private readonly folders = new Set<string>();

  private constructor(
    readonly root: string,
    private readonly durable: boolean,
  ) {
    this.dialect = findDialect(LIFEBOAT_1) as Dialect;
  }

  /** Makes a new store in a folder that is missing or empty; an existing store is never taken over. */
  static create(root: string, options: WriterOptions): BackupPathWriter {
    const writer = new BackupPathWriter(root, options.durable ?? true);
    writer.folder(root);
    for (const name of ['accounts', 'items', SERVER]) writer.folder(join(root, name));
    const { serverId, serverName, createdAt } = options;
    const marker = writer.dialect.encode('marker', { serverId, serverName, createdAt: createdAt.getTime() });
    writer.create(
      join(root, MARKER),
      JSON.stringify({ dialect: writer.dialect.name, ...(marker as object) }),
    );
    return writer;
  }

  /** Opens a store that this class made, to add to it. */
  static open(root: string, durable = true): BackupPathWriter {
    return new BackupPathWriter(root, durable);
  }

  account(info: AccountInfo): void {
    this.replace(
      join(this.root, accountDir(info.id), 'account_info'),
      JSON.stringify(this.dialect.encode('account', info)),
    );
  }

  accountStat(accountId: string, stat: AccountStat): void {
    const path = join(this.root, accountDir(accountId), 'account_stat');
    this.replace(path, JSON.stringify(this.dialect.encode('accountStat', stat)));
  }

  /** Stores content once, whoever refers to it. Answers its digest. */
  blob(content: Uint8Array): string {
    const digest = digestOf(content);
    const path = join(this.root, blobPath(digest));
    try {
      this.create(path, gzipSync(content));
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    return digest;
  }

  /** The whole history of an item, oldest state first. */
  item(accountId: string, itemId: number, states: readonly ItemState[]): void {
    const value = states.map((state) => this.dialect.encode('state', state));
    this.replace(join(this.root, itemPath(accountId, itemId)), JSON.stringify(value));
  }

  serverConfig(config: ServerConfig, at: Date): void {
    const path = join(this.root, SERVER, `config_${archiveStamp(at)}.json.gz`);
    this.replace(path, gzipSync(JSON.stringify(this.dialect.encode('serverConfig', config))));
  }

  backupStat(firstRun: Date, lastSmartScan: Date): void {
    const value = { firstRun: firstRun.toISOString(), lastSmartScan: lastSmartScan.toISOString() };
    this.replace(join(this.root, 'backupstat'), JSON.stringify(value));
  }

  /** A new file; EEXIST when there is one. */
  private create(path: string, content: string | Uint8Array): void {
    this.write(path, content, (temporary) => {
      linkSync(temporary, path);
      rmSync(temporary);
    });
  }

  private replace(path: string, content: string | Uint8Array): void {
    this.write(path, content, (temporary) => renameSync(temporary, path));
  }

  private write(path: string, content: string | Uint8Array, publish: (temporary: string) => void): void {
    const folder = dirname(path);
    this.folder(folder);
    const temporary = join(folder, `.${randomUUID()}.tmp`);
    try {
      this.writeTemporary(temporary, content);
      publish(temporary);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    if (this.durable) syncFolder(folder);
  }

  private writeTemporary(path: string, content: string | Uint8Array): void {
    if (!this.durable) {
      writeFileSync(path, content, { flag: 'wx', mode: 0o640 });
      return;
    }
    const fd = openSync(path, 'wx', 0o640);
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  private folder(path: string): void {
    if (this.folders.has(path)) return;
    const first = mkdirSync(path, { recursive: true, mode: 0o750 });
    // each folder that got a new one in it, from the deepest up
    if (first && this.durable) {
      for (let at = path; at.length >= first.length; at = dirname(at)) syncFolder(dirname(at));
    }
    this.folders.add(path);
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
