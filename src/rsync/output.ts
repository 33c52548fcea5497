/** What rsync prints: a line a change (`--out-format=%i|%l|%n`), and the `--stats` at its end. */

export interface Change {
  readonly kind: 'deleted' | 'changed';
  readonly type: 'file' | 'folder' | 'link' | 'other';
  /** Bytes. */
  readonly size: number;
  /** Each character is one byte: names need not be text. Relative, without a slash at its end. */
  readonly name: string;
  /** The sender has it and the receiver does not. */
  readonly isNew: boolean;
  /** Content or a whole file, not only times, owner or mode. */
  readonly content: boolean;
  /** Both sides have the file, and its content differs; known where checksums are compared. */
  readonly differs: boolean;
  /** Content differs though size and time are the same: damage, on one side or the other. */
  readonly damaged: boolean;
}

const CHANGE = /^(\*deleting  |[<>ch.][fdLDS][^|]{9})\|(\d+)\|(.+)$/;
const TYPES: Readonly<Record<string, Change['type']>> = { f: 'file', d: 'folder', L: 'link' };

/** Null: the line is no change. */
export function parseChange(line: string): Change | null {
  const [, flags, size, name] = CHANGE.exec(line) ?? [];
  if (flags === undefined || name === undefined) return null;
  const raw = unescapeName(name);
  const plain = raw.replace(/\/$/, '');
  if (flags.startsWith('*')) {
    const type = raw === plain ? 'file' : 'folder';
    const none = { isNew: false, content: false, differs: false, damaged: false };
    return { kind: 'deleted', type, size: 0, name: plain, ...none };
  }
  return {
    kind: 'changed',
    type: TYPES[flags[1] as string] ?? 'other',
    size: Number(size),
    name: plain === '' ? '.' : plain,
    isNew: flags[2] === '+',
    content: '<>'.includes(flags[0] as string),
    differs: /^[<>]fc/.test(flags),
    damaged: /^[<>]fc\.\./.test(flags),
  };
}

/** In the locale C rsync writes every byte that is not printable ASCII, and a backslash that would mislead, as `\#ooo`. */
const unescapeName = (name: string): string =>
  name.replace(/\\#([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Bytes of a name, as the file system has them. */
export const nameBytes = (name: string): Buffer => Buffer.from(name, 'latin1');

export interface RsyncStats {
  /** In the source, folders and links too. */
  readonly files: number;
  readonly created: number;
  readonly deleted: number;
  readonly transferred: number;
  /** Bytes of all files. */
  readonly totalSize: number;
  /** Bytes of those that were, or in a dry run would be, transferred. */
  readonly transferredSize: number;
  readonly sent: number;
  readonly received: number;
}

const STATS: readonly (readonly [keyof RsyncStats, RegExp])[] = [
  ['files', /^Number of files: ([\d,]+)/],
  ['created', /^Number of created files: ([\d,]+)/],
  ['deleted', /^Number of deleted files: ([\d,]+)/],
  ['transferred', /^Number of regular files transferred: ([\d,]+)/],
  ['totalSize', /^Total file size: ([\d,]+) bytes/],
  ['transferredSize', /^Total transferred file size: ([\d,]+) bytes/],
  ['sent', /^Total bytes sent: ([\d,]+)/],
  ['received', /^Total bytes received: ([\d,]+)/],
];

/** Gathers the figures line by line. */
export class StatsReader {
  private readonly found = new Map<keyof RsyncStats, number>();

  take(line: string): void {
    for (const [key, pattern] of STATS) {
      const [, digits] = pattern.exec(line) ?? [];
      if (digits !== undefined) this.found.set(key, Number(digits.replaceAll(',', '')));
    }
  }

  /** Whether there was any figure. */
  get saw(): boolean {
    return this.found.size > 0;
  }

  /** Null when rsync did not come to print them. A receiver that is old says nothing of deletions. */
  stats(): RsyncStats | null {
    if (!this.found.has('files') || !this.found.has('sent') || !this.found.has('received')) return null;
    const of = (key: keyof RsyncStats): number => this.found.get(key) ?? 0;
    return {
      files: of('files'),
      created: of('created'),
      deleted: of('deleted'),
      transferred: of('transferred'),
      totalSize: of('totalSize'),
      transferredSize: of('transferredSize'),
      sent: of('sent'),
      received: of('received'),
    };
  }
}

/** How many times less went over the line than the files are large; null when nothing did. */
export function speedUp({ totalSize, sent, received }: RsyncStats): number | null {
  return sent + received === 0 ? null : Math.round((100 * totalSize) / (sent + received)) / 100;
}
