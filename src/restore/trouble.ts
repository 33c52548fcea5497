/** Trouble with reading a source that seems healthy: how long it has lasted, and which of it is believed by now. */
import { Problem } from '../failures';

/** What a lane remembers of it. */
export interface Trouble {
  /** Since when (epoch milliseconds) reads all fail in the same way. */
  trouble: { signature: string; since: number } | null;
  /** Ways of failing that are believed by now. */
  believed: string[];
}

/** What lasts longer than the operator wants to wait is what it seems. The very row when nothing changes. */
export function afterPatience<T extends Trouble>(row: T, patienceSeconds: number): T {
  const { trouble, believed } = row;
  if (trouble === null || Date.now() - trouble.since <= patienceSeconds * 1000) return row;
  return { ...row, trouble: null, believed: [...believed, trouble.signature] };
}

/** After an attempt that failed so: trouble of the same kind goes on. The very row when nothing changes. */
export function afterFailure<T extends Trouble>(row: T, signature: string | null): T {
  if (signature === null || row.trouble?.signature === signature) return row;
  return { ...row, trouble: { signature, since: Date.now() } };
}

/** The way in which many items in a row have failed (source-guard.ts); null for another failure. */
export function streakOf(error: unknown): string | null {
  const streak =
    error instanceof Problem && error.type === 'SourceUnavailable' ? error.details.streak : undefined;
  return typeof streak === 'string' ? streak : null;
}
