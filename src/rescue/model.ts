/** What rescuing says of an item, and what its steps are told. Plain data. */
import type { Evidence } from '../backup-path/evidence';
import type { ItemType } from '../backup-path/model';
import type { RescueCounts } from '../contracts/rescue-items';

export type RescueStatus = 'intact' | 'older-state' | 'salvaged' | 'lost' | 'no-content';

export interface Rescued {
  readonly account: string;
  readonly accountId: string;
  readonly item: number;
  readonly status: RescueStatus;
  readonly type: ItemType | null;
  /** Start of the state that the content is of, ISO 8601; null when that is not known. */
  readonly state: string | null;
  /** Relative to the folder; null when nothing was written. */
  readonly file: string | null;
  readonly bytes: number;
  /** What is wrong with the current state; absent for `intact`. */
  readonly reason?: string;
  readonly evidence?: Evidence;
  readonly remedy?: string;
}

export interface RescuePlan {
  readonly sourcePath: string;
  readonly serverId: string;
  readonly items: number;
  /** Folder of the operation, with the list. */
  readonly dir: string;
  readonly outputDir: string;
  /** For the injection. */
  readonly target: string | null;
}

export interface RescueSliceResult extends RescueCounts {
  /** Items of the list that are done. */
  readonly done: number;
}

export const NO_COUNTS: RescueCounts = { intact: 0, olderState: 0, salvaged: 0, lost: 0, noContent: 0 };

export const COUNT_OF: Record<RescueStatus, keyof RescueCounts> = {
  intact: 'intact',
  'older-state': 'olderState',
  salvaged: 'salvaged',
  lost: 'lost',
  'no-content': 'noContent',
};
