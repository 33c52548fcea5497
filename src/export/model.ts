/** An export: a Backup Path made of chosen accounts of another one. Plain data: it crosses into worker threads. */
import type { OperationName } from '../host/operation-dir';
import type { ItemClass } from '../report/model';
import type { Cursor } from '../backup-path/walk';

export interface ExportInput {
  readonly sourcePath: string;
  readonly destinationPath: string;
  readonly accounts: readonly string[];
  readonly domains: readonly string[];
  readonly concurrentAccounts: number;
  readonly advanced: { readonly patienceSeconds: number };
}

export interface ExportRequest {
  readonly name: OperationName;
  readonly input: ExportInput;
}

/** Something that is not in the export. `item` 0: the account itself, or a folder of its items. */
export interface ExportFinding {
  readonly account: string;
  readonly item: number;
  readonly class: Extract<ItemClass, 'read' | 'broken'>;
  readonly reason: string;
}

export interface ExportCounts {
  /** Metadata files of the chosen accounts, all types. */
  items: number;
  /** Of these: written now, */
  written: number;
  /** there already, the same, */
  unchanged: number;
  /** and left out: what they name cannot be read, or is broken. */
  damaged: number;
  /** Blobs that were copied, and their bytes on the disk. */
  blobs: number;
  bytes: number;
}

export const zeroCounts = (): ExportCounts => ({
  ...{ items: 0, written: 0, unchanged: 0, damaged: 0, blobs: 0, bytes: 0 },
});

export function addCounts(to: ExportCounts, more: ExportCounts): ExportCounts {
  for (const name of Object.keys(to) as (keyof ExportCounts)[]) to[name] += more[name];
  return to;
}

export interface PlannedAccount {
  readonly id: string;
  readonly name: string;
  readonly lane: number;
  readonly files: number;
}

export interface ExportPlan {
  readonly serverId: string;
  /** Real path. */
  readonly destination: string;
  /** Random, of the destination: another folder in its place is not filled. */
  readonly exportId: string;
  readonly accounts: readonly PlannedAccount[];
  /** Every account of the source is chosen: what belongs to the server as a whole goes along. */
  readonly whole: boolean;
  /** Accounts that are left out, and why; those whose backup is switched off, and damaged ones. */
  readonly leftOut: readonly { readonly id: string; readonly name: string; readonly why: string }[];
  readonly findings: readonly ExportFinding[];
}

/** How far an account is. Saved only when all that it counts is on the disk, and certain. */
export interface AccountProgress {
  cursor: Cursor;
  counts: ExportCounts;
  /** At most {@link FINDINGS_KEPT}. */
  findings: ExportFinding[];
  done: boolean;
}
export const FINDINGS_KEPT = 10_000;

export interface ExportPlanned {
  readonly accounts: number;
  readonly files: number;
  readonly lanes: number;
  readonly reportDir: string;
}

export interface ExportSliceResult {
  readonly more: boolean;
  readonly counts: ExportCounts;
  readonly accountsDone: number;
}

export interface ExportEnd {
  readonly counts: ExportCounts;
  readonly accounts: number;
  readonly leftOut: number;
  readonly findings: number;
  readonly reportDir: string;
}
