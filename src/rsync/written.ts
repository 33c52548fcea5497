/** How far a run of rsync on this machine is, as the kernel counts it: that costs rsync nothing. */
import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 500;

/**
 * @param tell is told how many bytes the process has written to the one that receives, and how many a second since the
 *   last look. Never, where the kernel does not count
 * @returns how to end it
 */
export function watchWritten(pid: number, tell: (bytes: number, rate: number) => void): () => void {
  let before = 0;
  const timer = setInterval(() => {
    const bytes = writtenBy(pid);
    if (bytes === null) return;
    tell(bytes, Math.round(((bytes - before) * 1000) / LOOK_EVERY_MS));
    before = bytes;
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

/** Null: it has ended, or the kernel does not count (proc(5), `/proc/pid/io`). */
function writtenBy(pid: number): number | null {
  try {
    const [, digits] = /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1')) ?? [];
    return digits === undefined ? null : Number(digits);
  } catch {
    return null;
  }
}
