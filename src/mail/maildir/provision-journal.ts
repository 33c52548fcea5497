import * as fs from 'node:fs';
import { join } from 'node:path';
import { createFile, readSmallFile, removeFile, syncDirectory, writeFully } from './durable';
import type { Owner } from './durable';
import { onTarget } from './system-error';

/**
 * Accounts that a provisioning has begun to make. Their directories come first and the shared passwd-file last, so
 * an interrupted run leaves accounts that look as if they had been there before; the next run finds them here and
 * completes them instead.
 */
export class ProvisionJournal {
  readonly #path: string;
  readonly #wholeBytes: number;
  #fd: number | null = null;
  /** What an earlier run began and did not end, in lower case. */
  readonly unfinished: ReadonlySet<string>;

  constructor(
    private readonly directory: string,
    private readonly owner: Owner,
  ) {
    this.#path = join(directory, '.lifeboat-provisioning');
    const bytes = readSmallFile(this.#path) ?? Buffer.alloc(0);
    // A last line without a newline was cut off, and nothing was made for it.
    this.#wholeBytes = bytes.lastIndexOf('\n') + 1;
    this.unfinished = new Set(bytes.subarray(0, this.#wholeBytes).toString('utf8').split('\n'));
  }

  /** On disk when this returns; only then may the accounts be made. */
  begin(addresses: readonly string[]): void {
    if (addresses.length === 0) return;
    const fd = (this.#fd ??= this.#open());
    onTarget(this.#path, () => {
      writeFully(fd, Buffer.from(`${addresses.join('\n')}\n`));
      fs.fsyncSync(fd);
    });
  }

  /** Everything is in the shared files now. */
  end(): void {
    this.close();
    removeFile(this.#path);
    syncDirectory(this.directory);
  }

  close(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
  }

  #open(): number {
    const found = onTarget(this.#path, () => fs.lstatSync(this.#path, { throwIfNoEntry: false }));
    if (found === undefined) {
      const fd = createFile(this.#path, this.owner);
      syncDirectory(this.directory);
      return fd;
    }
    const { O_WRONLY, O_APPEND, O_NOFOLLOW } = fs.constants;
    return onTarget(this.#path, () => {
      const fd = fs.openSync(this.#path, O_WRONLY | O_APPEND | O_NOFOLLOW);
      fs.ftruncateSync(fd, this.#wholeBytes);
      return fd;
    });
  }
}
