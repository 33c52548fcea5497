/** What the executables of the stand-in take before the arguments of the real program. */
import { resolve } from 'node:path';

export interface Invocation {
  readonly dir: string;
  /** The user id that counts: that of the process, or the one of `--as`. */
  readonly uid: number;
  readonly argv: readonly string[];
}

/** `--stand-in DIR [--as UID]`, then what the real program takes. Null when the folder is missing. */
export function invocation(args: readonly string[]): Invocation | null {
  let dir: string | undefined;
  let uid = process.getuid?.() ?? 0;
  let at = 0;
  for (; at < args.length; at += 2) {
    if (args[at] === '--stand-in') dir = args[at + 1];
    else if (args[at] === '--as') uid = Number(args[at + 1]);
    else break;
  }
  if (dir === undefined || !Number.isInteger(uid)) return null;
  return { dir: resolve(dir), uid, argv: args.slice(at) };
}
