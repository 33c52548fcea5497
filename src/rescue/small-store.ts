/**
 * What is to be injected, as a small Backup Path of its own: so an ordinary restore brings it into the mailboxes, with
 * all that makes one exact. Its server id is another one than that of the source: a rescued item never stands for the
 * item itself, which a later restore may still bring.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { Defect, errorCode } from '../backup-path/defect';
import { finishDigest } from '../backup-path/digest';
import { blobPath, MARKER } from '../backup-path/layout';
import type { AccountInfo, ItemState } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { BackupPathWriter } from '../backup-path/writer';
import { createFile } from '../host/new-file';
import type { Content } from './find-content';
import { openMarked } from './output';

/** Ids that no mailbox comes to. */
const RESCUED = 2_147_483_646;
const SALVAGED = 2_147_483_647;

export class SmallStore {
  private readonly writer: BackupPathWriter;
  private readonly accounts = new Map<string, boolean>();

  constructor(
    readonly root: string,
    private readonly source: BackupPath,
  ) {
    const { serverId, serverName } = source.marker;
    const options = { serverId: `${serverId}-rescued`, serverName, createdAt: new Date(0) };
    this.writer = existsSync(join(root, MARKER))
      ? BackupPathWriter.open(root)
      : BackupPathWriter.create(root, options);
  }

  /** Done again, it makes the same. @returns false when the account has no usable address to inject into */
  async add(accountId: string, item: number, content: Content): Promise<boolean> {
    if (item >= RESCUED || !this.account(accountId)) return false;
    const { digest, size } = await this.blob(() => openMarked(content, item));
    const { state, status } = content;
    const folder = status === 'salvaged' ? SALVAGED : RESCUED;
    const { flags = '', tags = [], date = 0, start = 0, type = 'message' } = state ?? {};
    const rescued: ItemState = {
      ...blank(type),
      flags,
      tags,
      date: date || start,
      start,
      folder,
      size,
      digest,
    };
    this.writer.item(accountId, item, [rescued]);
    return true;
  }

  private account(id: string): boolean {
    const known = this.accounts.get(id) ?? this.addAccount(id);
    this.accounts.set(id, known);
    return known;
  }

  private addAccount(id: string): boolean {
    let info: AccountInfo;
    try {
      info = this.source.accountInfo(id);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      this.source.assertThere();
      return false;
    }
    // only the way to the mailbox; nothing of the account is restored
    this.writer.account({
      ...info,
      status: 'active',
      system: false,
      shares: [],
      dataSources: [],
      aliases: [],
    });
    this.writer.item(id, RESCUED, [{ ...blank('folder'), name: 'Rescued' }]);
    this.writer.item(id, SALVAGED, [{ ...blank('folder'), name: 'Salvaged', folder: RESCUED }]);
    return true;
  }

  private async blob(open: () => Readable): Promise<{ digest: string; size: number }> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of open()) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
    const digest = finishDigest(hash);
    const path = join(this.root, blobPath(digest));
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    try {
      if (!existsSync(path)) await createFile(path, open(), createGzip());
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    return { digest, size };
  }
}

const blank = (type: ItemState['type']): ItemState => ({
  start: 0,
  end: null,
  type,
  deleted: false,
  folder: 1,
  name: null,
  flags: '',
  tags: [],
  date: 0,
  size: 0,
  digest: null,
});
