/** Whether a file or folder that holds secrets is for the worker alone. */
import type { Stats } from 'node:fs';
import { Problem } from '../failures';

/** Bits that nobody else may have: to read or write a file, to write into a folder. */
const NOBODY_ELSE = { reads: 0o077, writes: 0o022 } as const;

/** @throws Problem `SecretUnusable` when it belongs to somebody else, or others have more rights than they may */
export function requirePrivate(
  { mode, uid }: Pick<Stats, 'mode' | 'uid'>,
  path: string,
  nobodyElse: keyof typeof NOBODY_ELSE,
): void {
  const mine = uid === 0 || uid === process.getuid?.();
  if (mine && (mode & NOBODY_ELSE[nobodyElse]) === 0) return;
  const what = nobodyElse === 'reads' ? 'read it' : 'write into it';
  throw new Problem(
    'SecretUnusable',
    `${path} must belong to the worker's user or root, and nobody else may ${what} (chmod go-rwx).`,
    { path },
  );
}
