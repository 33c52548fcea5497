/**
 * Lists of accounts (`getAvailableAccounts`). How they are printed is not documented (U): a row is a UUID, an address, or
 * one of each.
 */
import type { Answer } from './answer';
import { unknownOutput } from './excerpt';
import { isUuid } from './operations';
import { siblings, treeOfJson } from './tree';

export interface AvailableAccount {
  /** UUID, lower case. */
  readonly id: string | null;
  readonly name: string | null;
}

const ADDRESS = /^[^\s@,;:"'<>()[\]{}]+@[^\s@,;:"'<>()[\]{}]+$/;

/** @throws Problem `UnknownOutput` for a row with two ids or two addresses, and when nothing is a row */
export function availableAccounts(answer: Answer): AvailableAccount[] {
  const rows = answer.form === 'json' ? rowsOfJson(answer) : rowsOfText(answer.raw);
  const accounts = rows.map((words): AvailableAccount => {
    const ids = words.filter(isUuid);
    const names = words.filter((word) => ADDRESS.test(word));
    if (ids.length > 1 || names.length > 1) throw unknownOutput('A row of the list of accounts', answer.raw);
    return { id: ids[0]?.toLowerCase() ?? null, name: names[0] ?? null };
  });
  const found = accounts.filter(({ id, name }) => id !== null || name !== null);
  if (found.length === 0) throw unknownOutput('The list of accounts', answer.raw);
  return found;
}

const rowsOfText = (text: string): string[][] =>
  text
    .split('\n')
    // a list on one line, as `input_file` and `accounts` take it
    .flatMap((line) => (/^[^\s,]+(,\s*[^\s,]+)+$/.test(line.trim()) ? line.split(',') : [line]))
    .map((line) => line.split(/[\s,;:"'<>()[\]{}=]+/));

/** An element of a list, or an object's members that are no lists. A map has its key beside its value. */
function rowsOfJson(answer: Extract<Answer, { form: 'json' }>): string[][] {
  const tree = answer.hosts.flatMap(({ response }) => treeOfJson(response));
  return [...siblings(tree)].flatMap((list) => {
    const leaves = list.filter(({ children }) => children.length === 0);
    const record = new Set(leaves.map(({ key }) => key)).size === leaves.length && !leaves.some(isMapEntry);
    const words = (nodes: typeof leaves) => nodes.flatMap(({ key, value }) => [key, value ?? '']);
    return record ? [words(leaves)] : leaves.map((leaf) => words([leaf]));
  });
}

const isMapEntry = ({ key }: { readonly key: string }): boolean => isUuid(key) || ADDRESS.test(key);
