/**
 * Quotas that a restore lifted. They come back when it ends successfully, and only then (documented for the old
 * product): after a crash or a stop the account stays without.
 */
import { readJson, writeJson } from './settings';

export class Quotas {
  private readonly lifted: Set<string>;

  constructor(private readonly file: string) {
    this.lifted = new Set(readJson<string[]>(file, []));
  }

  isLifted(address: string): boolean {
    return this.lifted.has(address);
  }

  lift(addresses: readonly string[]): void {
    addresses.forEach((address) => this.lifted.add(address));
    writeJson(this.file, [...this.lifted]);
  }

  putBack(addresses: readonly string[]): void {
    addresses.forEach((address) => this.lifted.delete(address));
    writeJson(this.file, [...this.lifted]);
  }
}
