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
  /** ISO; null: none yet. */
  readonly lastSuccess: string | null;
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
