import { readSmallFile, replaceFile } from './durable';
import type { Owner } from './durable';

/**
 * A file of lines `key:rest` that others edit too: passwd-files and alias files. Every line that is not changed
 * stays byte for byte as it was, whatever it is. Keys have no case.
 */
export class LineFile {
  /** One character a byte, so that nothing is lost of what is no UTF-8. */
  readonly #lines: string[];
  readonly #byKey = new Map<string, number>();
  #changed = false;

  constructor(readonly path: string) {
    const content = readSmallFile(path)?.toString('latin1') ?? '';
    this.#lines = content.split('\n');
    // What follows the last newline: nothing, or a line that was not ended.
    if (this.#lines.at(-1) === '') this.#lines.pop();
    this.#lines.forEach((line, at) => {
      const key = keyOf(line);
      if (key !== null && !this.#byKey.has(key)) this.#byKey.set(key, at);
    });
  }

  has(key: string): boolean {
    return this.#byKey.has(key.toLowerCase());
  }

  /** The first line with this key. */
  get(key: string): string | undefined {
    const at = this.#byKey.get(key.toLowerCase());
    const line = at === undefined ? undefined : this.#lines[at];
    return line === undefined ? undefined : toText(line);
  }

  /** Adds a line, or replaces the first one with this key. The caller makes sure that it is one line. */
  set(key: string, line: string): void {
    const bytes = Buffer.from(line, 'utf8').toString('latin1');
    const at = this.#byKey.get(key.toLowerCase());
    if (at === undefined) {
      this.#byKey.set(key.toLowerCase(), this.#lines.push(bytes) - 1);
    } else {
      if (this.#lines[at] === bytes) return;
      this.#lines[at] = bytes;
    }
    this.#changed = true;
  }

  /** Writes the file when anything was changed: readers see the old one or the new one. */
  save(owner: Owner): void {
    if (!this.#changed) return;
    replaceFile(this.path, Buffer.from(`${this.#lines.join('\n')}\n`, 'latin1'), owner);
    this.#changed = false;
  }
}

function keyOf(line: string): string | null {
  // Comments, and the continuation of the line before.
  if (/^[#\s]/.test(line)) return null;
  const colon = line.indexOf(':');
  return colon <= 0 ? null : toText(line.slice(0, colon)).trim().toLowerCase();
}

function toText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
