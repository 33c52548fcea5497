/** What a verification says. Plain data: it crosses between threads and may be kept. */
import type { Evidence } from './evidence';
import type { Sample } from './sample';

/**
 * `read` and `broken`: the file, or a blob that it names, is lost as it is. `invalid`: intact, but Carbonio will refuse
 * it. The last two are intact and are restored; they are told because they are not as they should be.
 */
export const VERIFY_CLASSES = ['read', 'broken', 'invalid', 'double-gzipped', 'trailing-bytes'] as const;
export type VerifyClass = (typeof VERIFY_CLASSES)[number];

export interface VerifyFinding {
  /** Null: it belongs to no account (a blob that no metadata names, the server configuration). */
  readonly account: string | null;
  /** Null: it is not of one item (account_info, a folder). */
  readonly item: number | null;
  readonly class: VerifyClass;
  /** The evidence, with the state it is about when that is not the current one. */
  readonly reason: string;
  /** The file that is wrong, absolute. */
  readonly path: string;
  /** For `read` and `broken`. */
  readonly evidence?: Evidence;
}

export interface VerifyCounts {
  /** Blobs that were read, whatever was found. */
  blobs: number;
  /** Raw bytes of the intact ones. */
  bytes: number;
  accounts: number;
  /** Metadata files of items, of all types. */
  items: number;
}

/** How much of the store is verified. */
export interface VerifyScope {
  /**
   * Ids: only the metadata of these accounts is read, and each blob that they name. Then nothing is known of the other
   * blobs, so orphans are not counted. Null: everything.
   */
  readonly accounts: readonly string[] | null;
  /** Of the blobs, only these are read; of the others only that they are there. Null: all. */
  readonly sample: Sample | null;
}

export const zeroCounts = (): VerifyCounts => ({ blobs: 0, bytes: 0, accounts: 0, items: 0 });

export function addCounts(to: VerifyCounts, more: VerifyCounts): void {
  to.blobs += more.blobs;
  to.bytes += more.bytes;
  to.accounts += more.accounts;
  to.items += more.items;
}

/** First every blob, then every metadata file, then those damaged blobs that no metadata names. */
export const VERIFY_PHASES = ['blobs', 'items', 'orphans'] as const;
export type VerifyPhase = (typeof VERIFY_PHASES)[number];

export type FindingCounts = Record<VerifyClass, number>;

/** From where a stopped verification goes on. Small; the rest is in the state file. */
export interface VerifyCursor {
  /** Ties it to its state file. */
  readonly id: string;
  readonly phase: VerifyPhase;
  /** The last unit that is done: a blob folder, or an account and a group of its item folders. Null: none. */
  readonly after: { readonly name: string; readonly group: number } | null;
  readonly counts: VerifyCounts;
  readonly findings: FindingCounts;
}

export interface VerifyProgress extends VerifyCounts {
  readonly phase: VerifyPhase;
  /** Units of this phase (folders). */
  readonly done: number;
  readonly total: number;
}

export interface VerifySummary extends VerifyCounts {
  /** False when it was stopped before its end. */
  readonly complete: boolean;
  /** Blobs that no metadata names; null before the end, and when only some accounts were verified. */
  readonly orphans: number | null;
  readonly findings: FindingCounts;
  /** Where to go on; null when it is complete, or nothing was kept to go on with. */
  readonly cursor: VerifyCursor | null;
}
