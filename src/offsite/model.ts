/** What the steps of a sync are told, and answer. Plain data. */
import type { OffsiteSyncInput, SyncPass } from '../contracts/offsite-sync';
import type { OperationName } from '../host/operation-dir';

export interface SyncRequest extends OperationName {
  readonly input: OffsiteSyncInput;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

export interface Checked {
  /** There is nothing at the destination yet. */
  readonly first: boolean;
  readonly serverId: string;
  /** Of the copy that is there, ISO; null: none yet, or not known. */
  readonly lastSuccess: string | null;
  /** The copy is not what the newest sync left: another disk, or another machine syncs to it. */
  readonly changed: boolean;
}

export interface Survey {
  /** Metadata files, folders and links that differ. */
  readonly metadata: number;
  /** Blobs, and folders of blobs, that differ. */
  readonly blobs: number;
  /** Bytes of files that would be transferred. */
  readonly bytes: number;
  readonly files: number;
  /** Files and folders that the source does not have. */
  readonly deletions: number;
  /** Deletions that are allowed. */
  readonly allowed: number;
  /** Bytes of all files of the source; 0 when it was not compared (a first copy). */
  readonly totalSize: number;
  readonly seconds: number;
  /** Metadata were noted: they go to their places by way of a folder in the copy (holding.ts), and are not staged. */
  readonly held: boolean;
}

export interface Staged {
  readonly staged: number;
  /** Files that cannot be read, and the first of them with its error. */
  readonly unreadable: number;
  readonly example: string | null;
}

/** A pass that ended well. */
export interface PassResult extends SyncPass {
  /** Bytes of all files that the pass looked at. */
  readonly totalSize: number;
  /** Some files went away between list and transfer. */
  readonly vanished: boolean;
  /** Staged files whose source has changed meanwhile; deleting: files that the source has again. */
  readonly leftOut: number;
}

export interface FinishedSync {
  readonly files: number;
  readonly bytes: number;
  readonly deleted: number;
  /** Whether what the source no longer has is gone from the copy. */
  readonly swept: boolean;
  /** Metadata files that are not in the copy as they were when the sync began, nor as they are now. */
  readonly leftOut: number;
  /** Purges of the mail host that had ended before the comparison; null: not known. */
  readonly purges: readonly string[] | null;
}
