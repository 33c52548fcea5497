/** Small Backup Paths for tests. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountInfo, ItemState } from '../../src/backup-path/model';
import { BackupPathWriter } from '../../src/backup-path/writer';
import { blobPath } from '../../src/backup-path/layout';

export const SERVER_ID = '0d0c0b0a-0000-4000-8000-000000000001';

export function accountInfo(id: string, name: string, change: Partial<AccountInfo> = {}): AccountInfo {
  return {
    id,
    name,
    status: 'active',
    system: false,
    cos: null,
    aliases: [],
    displayName: null,
    passwordHash: null,
    attributes: {},
    signatures: [],
    dataSources: [],
    shares: [],
    backupEnabled: true,
    createdAt: 0,
    deletedAt: null,
    ...change,
  };
}

export function state(change: Partial<ItemState> = {}): ItemState {
  return {
    start: Date.UTC(2025, 0, 2, 3, 4, 5),
    end: null,
    type: 'message',
    deleted: false,
    folder: 2,
    name: null,
    flags: '',
    tags: [],
    date: Date.UTC(2025, 0, 2, 3, 4, 5),
    size: 0,
    digest: null,
    ...change,
  };
}

export function mail(subject: string, body = 'Hello.'): Buffer {
  return Buffer.from(
    `From: a@example.com\r\nTo: b@example.com\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.com>\r\n\r\n${body}\r\n`,
  );
}

export class TestStore {
  readonly writer: BackupPathWriter;

  constructor(readonly root: string) {
    this.writer = BackupPathWriter.create(root, {
      serverId: SERVER_ID,
      serverName: 'mail.example.com',
      createdAt: new Date(0),
      durable: false,
    });
  }

  /** Adds a message. Answers its digest. */
  message(accountId: string, itemId: number, content: Buffer, change: Partial<ItemState> = {}): string {
    const digest = this.writer.blob(content);
    this.writer.item(accountId, itemId, [state({ digest, size: content.length, ...change })]);
    return digest;
  }

  dropBlob(digest: string): void {
    rmSync(join(this.root, blobPath(digest)));
  }
}
