/** `aliases` and `lists`: one address a line, and where its mail goes. */
import { join } from 'node:path';
import { isPlainAddress, show } from './address';
import type { Owner } from './durable';
import { LineFile } from './line-file';

/** What became of an entry. */
export type PutResult = 'added' | 'existing' | 'refused';

export class AddressFile {
  readonly #file: LineFile;

  /** @param name `aliases` or `lists` */
  constructor(
    directory: string,
    private readonly name: string,
    private readonly note: (text: string) => void,
  ) {
    this.#file = new LineFile(join(directory, name));
  }

  /** Adds `address: target, target`. An address that is there stays as it is; what is no address is left out. */
  put(address: string, targets: readonly string[]): PutResult {
    const key = address.toLowerCase();
    if (!isPlainAddress(key)) {
      this.note(`${show(address)} is left out of ${this.name}: it is no plain mail address.`);
      return 'refused';
    }
    const good = targets.filter((target) => {
      if (isPlainAddress(target)) return true;
      this.note(`${show(target)} is left out of ${address} in ${this.name}: it is no plain mail address.`);
      return false;
    });
    const line = `${key}: ${[...new Set(good)].join(', ')}`.trimEnd();
    const there = this.#file.get(key);
    if (there !== undefined) {
      if (this.name === 'aliases' && there.trimEnd() !== line) {
        this.note(`The alias ${key} was there already and leads elsewhere; it stays as it is.`);
      }
      return 'existing';
    }
    this.#file.set(key, line);
    return 'added';
  }

  save(owner: Owner): void {
    this.#file.save(owner);
  }
}
