/**
 * Copies a batch of items: first every blob that they name, proved by its digest, then the metadata. Between the two all
 * blobs are on the disk under their names, so that the export never names one that it lacks, whatever dies when.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BlobReader } from '../backup-path/blob';
import { broken, Defect, errorCode } from '../backup-path/defect';
import { digestAlgorithm } from '../backup-path/digest';
import { blobDir, blobPath } from '../backup-path/layout';
import { SafeFiles } from '../backup-path/safe-fs';
import type { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import { destinationProblem, onDestination, syncFolder } from './destination';

/** Only what is written to fails so. */
const OF_DESTINATION: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** So file systems answer that have no hard links. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

export class Batch {
  private readonly copies: BlobReader;
  /** Blobs, with their bytes on the disk. */
  private readonly staged = new Map<string, number>();
  private readonly metadata = new Map<string, Uint8Array>();
  private readonly folders = new Set<string>();
  /** Of the blobs that are taken along, on the disk. */
  bytes = 0;

  /** @param staging folder of this attempt alone, in the destination */
  constructor(
    private readonly store: BackupPath,
    private readonly root: string,
    private readonly staging: string,
  ) {
    this.folder(staging);
    this.copies = new BlobReader(new SafeFiles(staging));
  }

  /**
   * Takes a blob along, unless it is there.
   * @throws Defect of the source
   */
  async blob(digest: string): Promise<void> {
    // it becomes a path, here and in the source
    if (digestAlgorithm(digest) === null)
      throw broken(`"${digest.slice(0, 80)}" is not a digest`, this.store.root);
    if (this.staged.has(digest)) return;
    const relative = blobPath(digest);
    if (onDestination(this.root, () => isFile(join(this.root, relative)))) return;
    this.store.files.checkFolder(blobDir(digest), true);
    const { fd } = this.store.files.open(this.store.files.absolute(relative));
    const copy = join(this.staging, relative);
    try {
      this.folder(dirname(copy));
      // shares the blocks where the file system can, else the kernel copies
      copyFileSync(`/proc/self/fd/${fd}`, copy, constants.COPYFILE_FICLONE);
    } catch (error) {
      // the error does not say which of the two sides it is of: throws when it is the source
      if (!OF_DESTINATION.has(errorCode(error) ?? '')) await this.store.blobs.load(digest);
      throw destinationProblem(error, this.root);
    } finally {
      closeSync(fd);
    }
    await this.prove(digest, copy);
    const { size } = onDestination(this.root, () => statSync(copy));
    this.staged.set(digest, size);
    this.bytes += size;
  }

  /** The very copy, not the source, is compared with the digest. */
  private async prove(digest: string, copy: string): Promise<void> {
    try {
      await this.copies.load(digest);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      onDestination(this.root, () => rmSync(copy, { force: true }));
      // throws when it is the source that is damaged
      await this.store.blobs.load(digest);
      throw new Problem(
        'TargetUnavailable',
        `A copy differs from its source: ${error.message}. Look at the disk of ${this.root}.`,
        { path: this.root },
      );
    }
  }

  /** @param relative path in the store */
  file(relative: string, content: Uint8Array): void {
    this.metadata.set(relative, content);
  }

  /** Whether the same is there already; then all that it names is there too. */
  has(relative: string, content: Uint8Array): boolean {
    try {
      return readFileSync(join(this.root, relative)).equals(content);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw destinationProblem(error, this.root);
    }
  }

  /** Puts everything in its place, and on the disk. Answers the blobs that were not there, and their bytes. */
  async commit(): Promise<{ blobs: number; bytes: number }> {
    const placed = { blobs: 0, bytes: 0 };
    const sizes = new Map([...this.staged].map(([digest, size]) => [blobPath(digest), size]));
    await this.publish([...sizes.keys()], (relative) => {
      if (!this.placeBlob(relative)) return;
      placed.blobs++;
      placed.bytes += sizes.get(relative) ?? 0;
    });
    for (const [relative, content] of this.metadata) {
      onDestination(this.root, () => {
        const path = join(this.staging, relative);
        this.folder(dirname(path));
        writeFileSync(path, content, { mode: 0o640 });
      });
    }
    await this.publish([...this.metadata.keys()], (relative) => this.place(relative));
    this.staged.clear();
    this.metadata.clear();
    this.bytes = 0;
    return placed;
  }

  /** On the disk first, then under its name, then its folder on the disk. */
  private async publish(relatives: readonly string[], place: (relative: string) => void): Promise<void> {
    const folders = new Set<string>();
    try {
      await Promise.all(relatives.map((relative) => syncFile(join(this.staging, relative))));
      for (const relative of relatives) {
        const folder = dirname(join(this.root, relative));
        this.folder(folder);
        place(relative);
        folders.add(folder);
      }
      for (const folder of folders) syncFolder(folder);
    } catch (error) {
      throw destinationProblem(error, this.root);
    }
  }

  private place(relative: string): void {
    renameSync(join(this.staging, relative), join(this.root, relative));
  }

  /** Other lanes copy the same blob: false for all but the one that was first. */
  private placeBlob(relative: string): boolean {
    const [copy, path] = [join(this.staging, relative), join(this.root, relative)];
    try {
      linkSync(copy, path);
    } catch (error) {
      const code = errorCode(error) ?? '';
      if (code !== 'EEXIST' && !NO_LINKS.has(code)) throw error;
      // an empty one, or a file system without links, where two lanes at the same moment may both count it
      const isNew = !isFile(path);
      if (isNew) this.place(relative);
      return isNew;
    }
    rmSync(copy);
    return true;
  }

  private folder(path: string): void {
    if (this.folders.has(path)) return;
    const first = onDestination(this.root, () => mkdirSync(path, { recursive: true, mode: 0o750 }));
    // each folder that got a new one in it, from the deepest up
    if (first !== undefined)
      for (let at = path; at.length >= first.length; at = dirname(at)) syncFolder(dirname(at));
    this.folders.add(path);
  }
}

const isFile = (path: string): boolean => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size > 0;
};

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.datasync().finally(() => handle.close());
}
