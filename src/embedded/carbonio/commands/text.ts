/** The text forms of answers: a tree of padded keys (documented), and the blocks of `monitor`. */
import type { Stats } from '../operations/model';

const INDENT = 8;
const HEAD_WIDTH = 52;
const WIDTH = 60;

type Scalar = string | number | boolean | null;
const isScalar = (value: unknown): value is Scalar => value === null || typeof value !== 'object';

/** Keys padded with blanks, deeper levels indented; heads of lists have no value. */
export function tree(value: unknown, depth = 0): string {
  const indent = ' '.repeat(INDENT * depth);
  if (isScalar(value)) return `${indent}${String(value)}\n`;
  // between the objects of a list nothing is known to stand: an empty line here
  if (Array.isArray(value)) {
    const parts = value.map((entry: unknown) => tree(entry, depth));
    return parts.join(value.some((entry) => !isScalar(entry)) ? '\n' : '');
  }
  return Object.entries(value as object)
    .filter(([, entry]) => entry !== undefined)
    .map(([key, entry]: [string, unknown]) =>
      isScalar(entry)
        ? `${indent}${key.padEnd(depth === 0 ? HEAD_WIDTH : WIDTH)}${String(entry)}\n`
        : `${indent}${key}\n${tree(entry, depth + 1)}`,
    )
    .join('');
}

/** One block of `monitor`. */
export const block = (stats: Stats): string =>
  [' --', ...stats.map(([label, value]) => ` ${`${label}:`.padEnd(34)}${value}`)].join('\n') + '\n';
