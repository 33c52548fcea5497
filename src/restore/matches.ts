import type { AccountLedger } from '../ledger/account-ledger';
import type { Outcome } from './outcome';

/**
 * Messages that were in the mailbox before us and are taken for items, also of batches that the ledger does not know
 * yet: each stands for one item.
 */
export class Matches {
  /** There is any such message; what one of our batches delivers is none. */
  readonly possible: boolean;
  readonly #taken = new Map<string, number>();

  constructor(private readonly ledger: AccountLedger) {
    this.possible = ledger.anyUnmatched();
  }

  /** Takes one with this digest; false when none is left. */
  take(digest: string): boolean {
    if (!this.possible) return false;
    const taken = this.#taken.get(digest) ?? 0;
    if (this.ledger.unmatched(digest) <= taken) return false;
    this.#taken.set(digest, taken + 1);
    return true;
  }

  /** The ledger knows of those that were taken for these. */
  recorded(outcomes: readonly Outcome[]): void {
    for (const { ledger: learned } of outcomes) {
      if (typeof learned !== 'object') continue;
      const { matched } = learned;
      const left = (this.#taken.get(matched) ?? 0) - 1;
      if (left > 0) this.#taken.set(matched, left);
      else this.#taken.delete(matched);
    }
  }
}
