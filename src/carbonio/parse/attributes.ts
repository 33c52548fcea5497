/**
 * Attributes as `carbonio prov` (zmprov) prints them: objects that begin with `# name …`, a line `key: value` for each
 * value, an empty line after each. The form is that of zmprov, which is public; what the command does with `--json` is
 * not known (U): an object of attributes, or an object of those by their names, is taken too.
 */
import type { Attributes } from '../../backup-path/model';
import { isObject, type Answer } from './answer';
import { unknownOutput } from './excerpt';

export interface NamedAttributes {
  /** Null for what has no name: the global configuration. */
  readonly name: string | null;
  readonly attributes: Attributes;
}

/** @throws Problem `UnknownOutput`, also when there is none */
export function attributesOf(answer: Answer, what: string): NamedAttributes[] {
  const found = listOf(answer, what);
  if (found.length === 0) throw unknownOutput(what, answer.raw);
  return found;
}

/** The same where there may be none. */
export function listOf(answer: Answer, what: string): NamedAttributes[] {
  if (answer.form === 'text') return ofText(answer.raw, what);
  return answer.hosts.flatMap(({ response }) => ofJson(response, answer.raw, what));
}

const HEAD = /^# (?:name|distributionList) (\S+)/;
const PAIR = /^([A-Za-z][A-Za-z0-9_;-]*): ?(.*)$/;

type Growing = { name: string | null; values: Map<string, string[]> };

function ofText(output: string, what: string): NamedAttributes[] {
  const all: Growing[] = [];
  let open: Growing | null = null;
  let last: string[] | null = null;
  for (const text of output.split('\n')) {
    const head = HEAD.exec(text);
    const pair = PAIR.exec(text);
    if (head?.[1] !== undefined) {
      all.push((open = { name: head[1], values: new Map() }));
      last = null;
    } else if (pair?.[1] !== undefined) {
      if (open === null) all.push((open = { name: null, values: new Map() }));
      last = open.values.get(pair[1]) ?? [];
      open.values.set(pair[1], last);
      last.push(pair[2] ?? '');
    } else if (last !== null) {
      // a value of several lines; the empty line at the end is taken away again below
      last.push(`${last.pop() ?? ''}\n${text}`);
    } else if (text.trim() !== '') throw unknownOutput(what, output);
  }
  return all.map(({ name, values }) => ({
    name,
    attributes: Object.fromEntries(
      [...values].map(([key, list]) => {
        const tidy = list.map((value) => value.replace(/\n+$/, ''));
        return [key, tidy.length === 1 ? (tidy[0] ?? '') : tidy];
      }),
    ),
  }));
}

function ofJson(response: unknown, raw: string, what: string): NamedAttributes[] {
  if (!isObject(response)) throw unknownOutput(what, raw);
  const members = Object.entries(response);
  if (members.every(([, value]) => isObject(value)))
    return members.map(([name, value]) => ({ name, attributes: checked(value, raw, what) }));
  return [{ name: null, attributes: checked(response, raw, what) }];
}

function checked(value: unknown, raw: string, what: string): Attributes {
  const isRight = (one: unknown): boolean =>
    typeof one === 'string' || (Array.isArray(one) && one.every((each) => typeof each === 'string'));
  if (!isObject(value) || !Object.values(value).every(isRight)) throw unknownOutput(what, raw);
  return value as Attributes;
}
