/** Where a path really is, also one that is not there yet. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';

/** Links of everything that is there are followed; the rest is taken as it is written. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || dirname(path) === path) return path;
    return join(realPathOf(dirname(path)), basename(path));
  }
}

export const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
