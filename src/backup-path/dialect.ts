/**
 * Dialects: how the metadata of a Backup Path is written. A dialect is data (dialects/*.json): for each field of
 * ours, the key that holds it, its form, and what its absence means. Carbonio's own dialect is not public; once
 * it is known it is one more file.
 */
import lifeboat1 from './dialects/lifeboat-1.json';
import type { Documents } from './model';

type Form =
  | 'text'
  | 'text?'
  | 'texts'
  | 'bool'
  | 'int'
  | 'id'
  | 'epochMs'
  | 'iso'
  | 'iso?'
  | 'attributes'
  | { readonly oneOf: readonly string[] }
  | { readonly listOf: string }
  | { readonly object: string };
/** Key in the file, form, and the value that stands for an absent key (none: the key is required). */
type Rule = readonly [key: string, form: Form, absent?: unknown];
interface DialectData {
  readonly name: string;
  readonly documents: Readonly<Record<string, Readonly<Record<string, Rule>>>>;
}

type Reader = (value: unknown) => unknown;

export class SchemaError extends Error {}

export class Dialect {
  readonly name: string;
  private readonly readers = new Map<string, Reader>();

  constructor(private readonly data: DialectData) {
    this.name = data.name;
    for (const document of Object.keys(data.documents)) this.readers.set(document, this.compile(document));
  }

  /** @throws SchemaError that names the field */
  decode<K extends keyof Documents>(document: K, value: unknown): Documents[K] {
    return this.reader(document)(value) as Documents[K];
  }

  /** The same facts as this dialect writes them. */
  encode<K extends keyof Documents>(document: K, value: Documents[K]): unknown {
    return this.write(document, value as unknown as Record<string, unknown>);
  }

  private reader(document: string): Reader {
    const reader = this.readers.get(document);
    if (!reader) throw new Error(`the dialect ${this.name} does not describe "${document}"`);
    return reader;
  }

  private compile(document: string): Reader {
    const rules = Object.entries(this.data.documents[document] ?? {}).map(([field, [key, form, absent]]) => ({
      field,
      key,
      absent,
      read: this.formReader(form),
      optional: typeof form === 'string' && form.endsWith('?'),
    }));
    return (value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new SchemaError(`${document} is not an object`);
      }
      const source = value as Record<string, unknown>;
      const result: Record<string, unknown> = {};
      for (const { field, key, absent, read, optional } of rules) {
        const given = Object.hasOwn(source, key) ? source[key] : undefined;
        if (given === undefined || (given === null && !optional)) {
          if (absent === undefined && !optional) throw new SchemaError(`${document}: "${key}" is missing`);
          result[field] = optional ? null : absent;
          continue;
        }
        try {
          result[field] = read(given);
        } catch (error) {
          if (!(error instanceof SchemaError)) throw error;
          throw new SchemaError(`${document}: "${key}" ${error.message}`);
        }
      }
      return result;
    };
  }

  private formReader(form: Form): Reader {
    if (typeof form === 'string') return SIMPLE[form];
    if ('oneOf' in form) {
      const allowed = new Set(form.oneOf);
      return (value) => {
        if (typeof value === 'string' && allowed.has(value)) return value;
        // only what is no structure is shown: one may be nested deeper than the stack
        const shown = typeof value === 'object' ? 'no text' : JSON.stringify(value).slice(0, 60);
        throw new SchemaError(`is ${shown}, not one of ${form.oneOf.join(', ')}`);
      };
    }
    if ('listOf' in form) {
      return (value) => {
        if (!Array.isArray(value)) throw new SchemaError('is not a list');
        return value.map(this.reader(form.listOf));
      };
    }
    return (value) => this.reader(form.object)(value);
  }

  private write(document: string, value: Record<string, unknown>): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [field, [key, form]] of Object.entries(this.data.documents[document] ?? {})) {
      const given = value[field];
      if (given === null || given === undefined) result[key] = null;
      else if (form === 'iso' || form === 'iso?') result[key] = new Date(given as number).toISOString();
      else if (typeof form === 'object' && 'listOf' in form) {
        result[key] = (given as Record<string, unknown>[]).map((entry) => this.write(form.listOf, entry));
      } else if (typeof form === 'object' && 'object' in form) {
        result[key] = this.write(form.object, given as Record<string, unknown>);
      } else result[key] = given;
    }
    return result;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';

function text(value: unknown): string {
  if (!isText(value)) throw new SchemaError('is not a text');
  return value;
}
function int(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new SchemaError('is not a whole number');
  }
  return value;
}
/** Ids of items and folders have at most ten digits. */
function id(value: unknown): number {
  if (int(value) >= 1e10) throw new SchemaError('is no id');
  return value as number;
}
function iso(value: unknown): number {
  const time = Date.parse(text(value));
  if (Number.isNaN(time)) throw new SchemaError('is not a date');
  return time;
}
function texts(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every(isText)) throw new SchemaError('is not a list of texts');
  return value;
}
const orNull =
  (read: Reader): Reader =>
  (value) =>
    value === null ? null : read(value);

const SIMPLE: Record<Extract<Form, string>, Reader> = {
  text,
  'text?': orNull(text),
  texts,
  int,
  id,
  iso,
  'iso?': orNull(iso),
  bool: (value) => {
    if (typeof value !== 'boolean') throw new SchemaError('is not true or false');
    return value;
  },
  epochMs: (value) => {
    // what Date can hold; before 1970 is possible in mail
    if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) > 8.64e15) {
      throw new SchemaError('is not a time in milliseconds');
    }
    return Math.trunc(value);
  },
  attributes: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new SchemaError('is not an object');
    for (const entry of Object.values(value)) {
      if (!isText(entry)) texts(entry);
    }
    return value;
  },
};

const DIALECTS = new Map<string, Dialect>([
  [lifeboat1.name, new Dialect(lifeboat1 as unknown as DialectData)],
]);

export const findDialect = (name: string): Dialect | undefined => DIALECTS.get(name);
export const knownDialects = (): string[] => [...DIALECTS.keys()];
/** The dialect that we write. */
export const LIFEBOAT_1 = 'lifeboat/1';
