/** The lines of `--info=progress2` with plain numbers, as rsync 3.5 prints them. There is no JSON form. */

export interface RsyncProgress {
  readonly bytes: number;
  /** Bytes a second. */
  readonly rate: number;
  /** Seconds; of what rsync knows so far. */
  readonly left: number;
  /** Files that were transferred. */
  readonly transferred: number;
  readonly checked: number;
  /** Grows while folders are still being listed. */
  readonly total: number;
}

const LINE =
  /^\s*(\d+)\s+\d+%\s+([\d.]+)([kMGT]?)B\/s\s+(\d+):(\d\d):(\d\d)(?:\s+\(xfr#(\d+), (?:ir|to)-chk=(\d+)\/(\d+)\))?\s*$/;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * Null: the line says something else. Lines within a file tell only bytes; the counts of files stay as they were.
 */
export function parseProgress(line: string, before: RsyncProgress | null = null): RsyncProgress | null {
  const match = LINE.exec(line);
  if (!match) return null;
  const [, bytes, rate, unit = '', hours, minutes, seconds, transferred, left, total] = match;
  const counts =
    transferred === undefined
      ? { transferred: before?.transferred ?? 0, checked: before?.checked ?? 0, total: before?.total ?? 0 }
      : { transferred: Number(transferred), checked: Number(total) - Number(left), total: Number(total) };
  return {
    bytes: Number(bytes),
    rate: Math.round(Number(rate) * (UNITS[unit] ?? 1)),
    left: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
    ...counts,
  };
}
