/** What can be wrong with a file of a Backup Path, as the two classes that administrators know. */
import type { Evidence } from './evidence';

/** Errors that may go away once the cause is mended; every other read error is final ("hard"). */
const SOFT = new Set(['EACCES', 'EPERM', 'ELOOP', 'ENOTCONN', 'ESTALE', 'ETIMEDOUT']);

export class Defect extends Error {
  override readonly name = 'Defect';
  constructor(
    /** `read`: the file cannot be opened or read. `broken`: it can, and its content is wrong. */
    readonly kind: 'read' | 'broken',
    message: string,
    /** The file, as an absolute path. */
    readonly path: string,
    /** The system's error code, for `read`. */
    readonly code: string | null = null,
    /** For content that is not what its name says. */
    readonly digests: { readonly expected: string; readonly found: string } | null = null,
  ) {
    super(message);
  }

  get soft(): boolean {
    return this.code !== null && SOFT.has(this.code);
  }

  get evidence(): Evidence {
    const { path, code, digests } = this;
    if (this.kind === 'broken') return { path, ...digests };
    return { path, ...(code === null ? {} : { error: code }), severity: this.soft ? 'soft' : 'hard' };
  }

  /** Two defects of one cause have the same signature; used to recognise that a whole source went away. */
  get signature(): string {
    return `${this.kind}:${this.code ?? ''}`;
  }
}

/** Somebody asked that the work end, in the middle of a blob: nothing is said of it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted in the middle of a blob');
  }
}

/** For a `catch` where the work then ends as if it had not begun. */
export function nullWhenInterrupted(error: unknown): null {
  if (error instanceof Interrupted) return null;
  throw error;
}

/** The system's code of an error; null when it has none. Not by class: an error may come from another realm. */
export function errorCode(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

/** A file system error as a read error that names the file and says whether it may go away. */
export function readDefect(error: unknown, path: string): Defect {
  if (error instanceof Defect) return error;
  const code = errorCode(error) ?? 'EIO';
  const kind = SOFT.has(code) ? 'soft' : 'hard';
  return new Defect('read', `${kind} read error ${code} at ${path}`, path, code);
}

export const broken = (message: string, path: string): Defect =>
  new Defect('broken', `${message} at ${path}`, path);
