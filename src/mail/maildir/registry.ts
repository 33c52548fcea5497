import { basename, join } from 'node:path';
import { z } from 'zod';
import { readSmallFile, replaceFile } from './durable';
import type { Owner } from './durable';
import { withoutSecrets } from './secrets';
import type { Attributes } from './secrets';

interface Entry {
  readonly id?: string;
  readonly name: string;
  readonly attributes: Attributes;
}

/** Entries that others wrote keep everything that they have. */
const content = (format: string) =>
  z.looseObject({ format: z.literal(format), entries: z.array(z.looseObject({ name: z.string() })) });

/** `domains.json` or `coses.json`: what the source said of each, for the administrator. Entries are only added. */
export class Registry {
  readonly #path: string;
  readonly #format: string;
  #content: z.output<ReturnType<typeof content>> | null;
  readonly #names: Set<string>;
  #changed = false;

  /** @param kind `domains` or `coses` */
  constructor(directory: string, kind: string, note: (text: string) => void) {
    this.#path = join(directory, `${kind}.json`);
    this.#format = `lifeboat/${kind}/1`;
    this.#content = this.#read();
    if (this.#content === null)
      note(`${basename(this.#path)} is not one of Lifeboat's; it is left as it is.`);
    this.#names = new Set(this.#content?.entries.map(({ name }) => name.toLowerCase()));
  }

  /** Answers whether it was missing. */
  add({ id, name, attributes }: Entry): boolean {
    if (this.#names.has(name.toLowerCase())) return false;
    this.#names.add(name.toLowerCase());
    this.#content?.entries.push({
      ...(id === undefined ? {} : { id }),
      name,
      attributes: withoutSecrets(attributes),
    });
    this.#changed = true;
    return true;
  }

  save(owner: Owner): void {
    if (!this.#changed || this.#content === null) return;
    replaceFile(this.#path, `${JSON.stringify(this.#content, null, 2)}\n`, owner);
    this.#changed = false;
  }

  #read(): z.output<ReturnType<typeof content>> | null {
    const bytes = readSmallFile(this.#path);
    if (bytes === null) return { format: this.#format, entries: [] };
    return parseJson(content(this.#format), bytes);
  }
}

/** JSON of a known form, or null for anything else. */
export function parseJson<T extends z.ZodType>(schema: T, bytes: Buffer): z.output<T> | null {
  let raw: unknown;
  try {
    raw = JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
  const parsed = schema.safeParse(raw);
  return parsed.success ? parsed.data : null;
}
