/** Reading answers: what is not as it should be is never taken for a success. */
import { isObject } from '../../carbonio/parse/answer';
import { unknownOutput } from '../../carbonio/parse/excerpt';

export type Members = Readonly<Record<string, unknown>>;

/** The elements of that name; the server writes a single one as a list or by itself. */
export function listOf(members: Members, name: string): Members[] {
  const value = members[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

/** @throws Problem `UnknownOutput` */
export function firstOf(members: Members, name: string, request: string): Members {
  const [first] = listOf(members, name);
  if (first === undefined) throw unknownOutput(`The answer to ${request}`, '');
  return first;
}

/** A text member. @throws Problem `UnknownOutput` */
export function textIn(members: Members, name: string, request: string): string {
  const value = members[name];
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value === '') throw unknownOutput(`The answer to ${request}`, '');
  return value;
}

export const contentOfFirst = (members: Members, name: string, request: string): string =>
  textIn(firstOf(members, name, request), '_content', request);

/** An item id, also of the form `ACCOUNT:ID`. @throws Problem `UnknownOutput` */
export function idIn(members: Members, request: string): number {
  const [, id] = /^(?:[^:]+:)?(\d{1,15})$/.exec(textIn(members, 'id', request)) ?? [];
  if (id === undefined) throw unknownOutput(`The answer to ${request}`, '');
  return Number(id);
}

/** The values of an attribute in `a: [{n, _content}]`. */
export const attributeIn = (members: Members, name: string): string[] =>
  listOf(members, 'a')
    .filter(({ n }) => n === name)
    .map(({ _content: value }) => (typeof value === 'string' ? value : ''));
