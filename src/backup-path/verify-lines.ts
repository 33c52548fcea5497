/** Whether a message has a line that Carbonio refuses. */
import { LineLength } from '../mail/maildir/line-length';
import type { Blob } from './blob';

/** Carbonio's validator takes no longer line, in bytes. */
export const LONGEST_LINE = 10_240;

const CR = 13;
const LF = 10;

/**
 * The same question as `LineLength` answers, for bytes in memory, at next to no cost: it only asks, about every 10 KB,
 * where the last line end before the limit is, and needs not know the lines between.
 */
export function hasLongLine(bytes: Buffer, limit: number = LONGEST_LINE): boolean {
  for (let start = 0; start + limit < bytes.length;) {
    let end = bytes.lastIndexOf(LF, start + limit);
    // CR alone ends a line too; looked for only where there is no LF, which is rare
    if (end < start) end = bytes.subarray(start, start + limit + 1).lastIndexOf(CR);
    else end -= start;
    if (end < 0) return true;
    start += end + 1;
  }
  return false;
}

/** The longest line of a blob that is over the limit, bytes; 0 when there is none. @throws Defect */
export async function longestLine(blob: Blob): Promise<number> {
  const lines = new LineLength(LONGEST_LINE);
  if (blob.kind === 'memory') lines.add(blob.bytes);
  else for await (const chunk of blob.open()) lines.add(chunk as Buffer);
  return lines.tooLong;
}
