/** Runs what it is given one after the other, in the order of the calls; a failure ends only its own. */
export class OneByOne {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(body: () => Promise<T>): Promise<T> {
    const mine = this.last.then(body);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}
