/** One after the other, until that is known to be needless: what goes first into a folder, or a mailbox. */
export class Turns {
  readonly #free = new Set<string>();
  /** Until the turn that was taken is ended. */
  readonly #taken = new Map<string, Promise<void>>();

  /** Waits for a turn. Answers how it is ended; null: nobody takes turns there any more. */
  async next(place: string): Promise<(() => void) | null> {
    while (!this.#free.has(place)) {
      const before = this.#taken.get(place);
      if (before === undefined) return this.#begin(place);
      await before;
    }
    return null;
  }

  /** From now on nobody waits there. */
  free(place: string): void {
    this.#free.add(place);
  }

  #begin(place: string): () => void {
    let end: () => void = () => undefined;
    this.#taken.set(place, new Promise<void>((resolve) => (end = resolve)));
    return () => {
      this.#taken.delete(place);
      end();
    };
  }
}
