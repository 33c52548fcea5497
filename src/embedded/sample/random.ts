/** Chance that repeats itself: the same seed gives the same sample, byte for byte, on any machine. */

/** Bytes kept ready for attachments: filling each of them anew would take most of the time. */
const POOL_BYTES = 1 << 20;

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;
  #pool: Buffer | null = null;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = (seed ^ 0x9e3779b9) | 0;
    this.#c = 0x243f6a88;
    for (let i = 0; i < 16; i++) this.#next();
  }

  /** sfc32: small, fast, and good enough that nothing in a sample looks patterned. */
  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }

  /** 0 (included) to 1 (not). */
  fraction(): number {
    return this.#next() / 0x1_0000_0000;
  }

  /** A whole number, both ends included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(from: readonly T[]): T {
    const chosen = from[Math.floor(this.fraction() * from.length)];
    if (chosen === undefined) throw new Error('There is nothing to pick from.');
    return chosen;
  }

  /** `count` different ones, or all when there are fewer, in their order. */
  some<T>(from: readonly T[], count: number): T[] {
    let missing = Math.min(count, from.length);
    return from.filter((_, i) => {
      if (!this.chance(missing / (from.length - i))) return false;
      missing--;
      return true;
    });
  }

  /** An index, each as likely as its weight says. */
  weighted(weights: readonly number[]): number {
    let left = this.fraction() * weights.reduce((sum, weight) => sum + weight, 0);
    const index = weights.findIndex((weight) => (left -= weight) < 0);
    return index >= 0 ? index : weights.findLastIndex((weight) => weight > 0);
  }

  /** As sizes of attachments are spread: most near the median, few very large. `sigma` of the logarithm. */
  logNormal(median: number, sigma: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.fraction())) * Math.cos(2 * Math.PI * this.fraction());
    return median * Math.exp(sigma * normal);
  }

  /** Random bytes, which do not compress; long ones repeat themselves after 1 MiB. */
  bytes(length: number): Buffer {
    const pool = (this.#pool ??= this.#fill(POOL_BYTES));
    const result = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      done += pool.copy(result, done, this.int(0, pool.length - 1));
    }
    return result;
  }

  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.#next().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }

  /** In the form of a version 4 UUID. */
  uuid(): string {
    const h = this.hex(32);
    const variant = '89ab'[this.int(0, 3)];
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20)}`;
  }

  #fill(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(this.#next(), at);
    return bytes;
  }
}
