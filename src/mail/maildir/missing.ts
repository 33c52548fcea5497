import { Problem } from '../../failures';
import type { FailureType } from '../../failures';

const MOST_NAMED = 20;

/** Collects what should be in the target and is not. */
export class Missing {
  readonly #names = new Set<string>();
  #count = 0;

  constructor(
    private readonly type: FailureType,
    private readonly what: string,
    private readonly directory: string,
  ) {}

  add(name: string): void {
    if (this.#names.has(name)) return;
    this.#count++;
    if (this.#names.size < MOST_NAMED) this.#names.add(name);
  }

  throwIfAny(): void {
    if (this.#count === 0) return;
    const named = [...this.#names].join(', ');
    const more = this.#count > this.#names.size ? ` and ${this.#count - this.#names.size} more` : '';
    const plural = this.#count === 1 ? `This ${this.what} is` : `These ${this.what}s are`;
    throw new Problem(this.type, `${plural} not in the target ${this.directory}: ${named}${more}.`, {
      missing: this.#count,
    });
  }
}
