/**
 * The indented key and value lines of the `carbonio` command, and JSON, in one form. Of the lines only the style is
 * documented (reference: getItem, config get); of most JSON answers nothing is. So both become a tree, and what is looked
 * for in it is looked for by key.
 */
import { plain, unknownOutput } from './excerpt';

export interface TreeNode {
  readonly key: string;
  /** Undefined for the head of a list. */
  readonly value: string | undefined;
  readonly children: readonly TreeNode[];
}

const DEEPEST = 64;

interface Growing extends TreeNode {
  readonly children: Growing[];
}

/**
 * Key, two or more spaces, value; deeper indent is below. `blob path` is followed by one space only. Empty lines are
 * skipped, and anything is a tree: whoever looks for a key in it finds none.
 */
export function parseTree(text: string): TreeNode[] {
  const root: Growing[] = [];
  const open: { indent: number; children: Growing[] }[] = [];
  for (const line of plain(text).split('\n')) {
    const content = line.trim();
    if (content === '') continue;
    const indent = indentOf(line);
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    const node: Growing = { ...keyAndValue(content), children: [] };
    (open.at(-1)?.children ?? root).push(node);
    open.push({ indent, children: node.children });
  }
  return root;
}

function indentOf(line: string): number {
  const margin = /^[ \t]*/.exec(line)?.[0] ?? '';
  return [...margin].reduce((width, c) => (c === '\t' ? (Math.floor(width / 8) + 1) * 8 : width + 1), 0);
}

function keyAndValue(content: string): { key: string; value: string | undefined } {
  const blob = /^blob[ _]path +(.+)$/.exec(content);
  if (blob) return { key: 'blob path', value: blob[1] };
  // not one expression: with many runs of spaces that are not followed by anything it would be slow
  const gap = content.search(/ {2}|\t/);
  if (gap < 0) return { key: content, value: undefined };
  return { key: content.slice(0, gap), value: content.slice(gap).trim() };
}

/** Members become nodes; so do elements of lists, under the key of their list. */
export function treeOfJson(json: unknown): TreeNode[] {
  return membersOf(json, '', 0);
}

function membersOf(json: unknown, key: string, depth: number): TreeNode[] {
  if (depth > DEEPEST) throw unknownOutput('JSON that is nested this deep', '');
  if (Array.isArray(json)) return json.map((element) => nodeOf(key, element, depth));
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).map(([name, value]) => nodeOf(name, value, depth));
}

function nodeOf(key: string, json: unknown, depth: number): TreeNode {
  if (typeof json === 'object' && json !== null) {
    return { key, value: undefined, children: membersOf(json, key, depth + 1) };
  }
  const leaf = json as string | number | boolean | null;
  return { key, value: leaf === null ? undefined : String(leaf), children: [] };
}

/** `start date`, `start_date` and `startDate` are the same key. */
export const sameKey = (a: string, b: string): boolean => bare(a) === bare(b);
const bare = (key: string): string => key.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Every list of siblings in the tree, from the top. */
export function* siblings(nodes: readonly TreeNode[]): Generator<readonly TreeNode[]> {
  const waiting: (readonly TreeNode[])[] = [nodes];
  for (let list = waiting.shift(); list !== undefined; list = waiting.shift()) {
    yield list;
    for (const { children } of list) if (children.length > 0) waiting.push(children);
  }
}

/**
 * The groups of siblings that begin with `key`. In lines a group goes to the next such key; an object of JSON is one
 * group whatever its order.
 */
export function recordsOf(nodes: readonly TreeNode[], key: string): TreeNode[][] {
  const found: TreeNode[][] = [];
  for (const list of siblings(nodes)) {
    const heads = list.flatMap((node, i) => (sameKey(node.key, key) && node.value !== undefined ? [i] : []));
    if (heads.length === 1) found.push([...list]);
    else heads.forEach((start, n) => found.push(list.slice(start, heads[n + 1])));
  }
  return found;
}

/** The value of a key in a group; undefined when there is none, or two that differ. */
export function valueOf(group: readonly TreeNode[], key: string): string | undefined {
  const values = new Set(
    group.flatMap(({ key: k, value }) => (sameKey(k, key) && value !== undefined ? [value] : [])),
  );
  return values.size === 1 ? [...values][0] : undefined;
}

/** `true` and `false` in any case; undefined for all else. */
export function booleanOf(value: string | undefined): boolean | undefined {
  const lower = value?.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}
