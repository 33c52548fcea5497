import { join } from 'node:path';
import { isRealDirectory, makeDirectory, syncDirectory } from './durable';
import type { Owner } from './durable';

/** A domain is a folder of the target. Remembers which are there. */
export class DomainFolders {
  readonly #there = new Set<string>();
  #unsynced = false;

  constructor(
    private readonly directory: string,
    private readonly owner: Owner,
  ) {}

  has(domain: string): boolean {
    if (!this.#there.has(domain) && isRealDirectory(join(this.directory, domain))) this.#there.add(domain);
    return this.#there.has(domain);
  }

  /** Makes the folder unless it is there; answers whether it was missing. */
  make(domain: string): boolean {
    if (this.has(domain)) return false;
    const created = makeDirectory(join(this.directory, domain), this.owner);
    this.#there.add(domain);
    this.#unsynced ||= created;
    return created;
  }

  sync(): void {
    if (!this.#unsynced) return;
    syncDirectory(this.directory);
    this.#unsynced = false;
  }
}
