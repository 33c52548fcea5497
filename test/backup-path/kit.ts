/** A store on disk for each test, and ways to damage it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Defect } from '../../src/backup-path/defect';
import { toBlobName } from '../../src/backup-path/digest';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import type { ItemState } from '../../src/backup-path/model';
import { BackupPath } from '../../src/backup-path/store';
import { Problem } from '../../src/failures';
import { accountInfo, state, TestStore } from '../restore/store';

export const ACCOUNT = 'a1';

export class Kit {
  /** Holds the store and, beside it, what is not of the store. */
  readonly base = realpathSync(mkdtempSync(join(tmpdir(), 'lifeboat-bp-')));
  readonly root = join(this.base, 'store');
  readonly made = new TestStore(this.root);

  constructor() {
    chmodSync(this.base, 0o755);
    this.made.writer.account(accountInfo(ACCOUNT, 'jane@example.com'));
  }

  open(): BackupPath {
    return BackupPath.open(this.root);
  }

  path(relative: string): string {
    return join(this.root, relative);
  }

  /** Puts these very bytes where the blob of `digest` belongs. Answers the path. */
  putBlob(digest: string, bytes: Uint8Array): string {
    return this.put(blobPath(digest), bytes);
  }

  /** Puts this very text where the metadata of an item belongs. Answers the path. */
  putItem(item: number, text: string | Uint8Array): string {
    return this.put(itemPath(ACCOUNT, item), text);
  }

  item(item: number, ...states: Partial<ItemState>[]): void {
    this.made.writer.item(ACCOUNT, item, states.map(state));
  }

  put(relative: string, content: string | Uint8Array): string {
    const path = this.path(relative);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    spawnSync('chmod', ['-R', 'u+rwX', this.base]);
    rmSync(this.base, { recursive: true, force: true });
  }
}

export const sha256 = (content: Uint8Array): string =>
  toBlobName(createHash('sha256').update(content).digest('base64'));
export const sha384 = (content: Uint8Array): string =>
  toBlobName(createHash('sha384').update(content).digest('base64'));

/** A gzip'd message of some KB that compresses as mail does. */
export function sampleContent(lines = 400): Buffer {
  let text = 'Subject: sample\r\n\r\n';
  for (let i = 0; i < lines; i++) text += `line ${i} ${(i * 7919) % 9973} of the sample\r\n`;
  return Buffer.from(text);
}

/** Compressed the way that the writer does. */
export const gz = (content: Uint8Array): Buffer => gzipSync(content);

export async function defectOf(body: () => unknown): Promise<Defect> {
  try {
    await body();
  } catch (error) {
    if (error instanceof Defect) return error;
    throw error;
  }
  throw new Error('there was no defect');
}

export function problemOf(body: () => unknown): Problem {
  try {
    body();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('there was no problem');
}

const NOBODY = 65534;

/**
 * Runs `body`, up to its first await, without the rights of root, for which no file is unreadable.
 * What it reads must be synchronous; so is everything of the reader but large blobs.
 */
export function unprivileged<T>(body: () => T): T {
  if (process.getuid?.() !== 0) return body();
  process.seteuid?.(NOBODY);
  try {
    return body();
  } finally {
    process.seteuid?.(0);
  }
}

/** Makes a file of a special kind with a tool of the system; false where that is not allowed. */
export const special = (tool: 'mkfifo' | 'mknod', ...args: string[]): boolean =>
  spawnSync(tool, args).status === 0;

/** Mounts an empty file system; false where that is not allowed. */
export const mountEmpty = (path: string): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'lifeboat-test', path]).status === 0;

/** A test that shows as skipped, not as passed, where the system does not allow what it needs. */
function testWhere(allowed: (folder: string) => boolean): jest.It {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-probe-'));
  try {
    return allowed(folder) ? test : test.skip;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
export const deviceTest = testWhere((folder) => special('mknod', join(folder, 'null'), 'c', '1', '3'));
export const mountTest = testWhere(
  (folder) => mountEmpty(folder) && spawnSync('umount', [folder]).status === 0,
);
