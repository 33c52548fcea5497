/**
 * The file behind zmlocalconfig, read only. Only it tells "set" from "unset": for an unset key the Java tool prints the
 * default it was compiled with, and the Go tool nothing, both with exit status 0.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SaxesParser } from 'saxes';
import { Problem } from '../failures';

export type LocalValue = { readonly set: true; readonly value: string } | { readonly set: false };

const LARGEST = 4 * 1024 * 1024;
/** The Java tool deletes the file and then renames the new one to it. */
const MISSING_FOR_MS = 2_000;

/** @throws Problem `LocalConfigUnusable` when it cannot be read or is not such a file as a whole */
export async function readLocalValue(file: string, key: string): Promise<LocalValue> {
  const value = parseLocalConfig(await content(file), file).get(key);
  return value === undefined ? { set: false } : { set: true, value };
}

async function content(file: string): Promise<string> {
  for (const until = Date.now() + MISSING_FOR_MS; ; await sleep(50)) {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && Date.now() < until) continue;
      throw new Problem('LocalConfigUnusable', `${file} cannot be read (${code}).`, {}, { cause: error });
    }
  }
}

/** `<localconfig>` of `<key name="…"><value>…</value></key>`, and nothing else. */
export function parseLocalConfig(xml: string, file: string): ReadonlyMap<string, string> {
  const unusable = (why: string) => new Problem('LocalConfigUnusable', `${file}: ${why}.`);
  if (xml.length > LARGEST) throw unusable('it is too large');
  const found = new Map<string, string>();
  const path: string[] = [];
  let key = '';
  let value: string | undefined;
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    // its message may quote the file, which holds passwords
    throw unusable(
      `it is not well-formed XML (line ${parser.line})${error.name === 'Error' ? '' : ' at all'}`,
    );
  });
  parser.on('doctype', () => {
    throw unusable('it has a document type');
  });
  parser.on('opentag', ({ name, attributes }) => {
    path.push(name);
    const at = path.join('/');
    if (at === 'localconfig/key') {
      key = attributes.name ?? '';
      value = undefined;
      if (key === '' || found.has(key))
        throw unusable(`a key has no name, or is there twice (line ${parser.line})`);
    } else if (at === 'localconfig/key/value' && value === undefined) value = '';
    else if (at !== 'localconfig') throw unusable(`an element that is not known (line ${parser.line})`);
  });
  const onText = (text: string): void => {
    if (path.length === 3) value += text;
    else if (text.trim() !== '') throw unusable(`text between the keys (line ${parser.line})`);
  };
  parser.on('text', onText);
  parser.on('cdata', onText);
  parser.on('closetag', () => {
    if (path.length === 2) {
      if (value === undefined) throw unusable(`a key has no value (line ${parser.line})`);
      found.set(key, value);
    }
    path.pop();
  });
  parser.write(xml).close();
  return found;
}
