/** What became of one metadata file. */
import type { Defect } from '../backup-path/defect';
import type { ItemType } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import type { Cursor } from '../backup-path/walk';
import type { Mountpoint } from '../ledger/operation-ledger';
import type { Counters, Finding, ItemClass } from '../report/model';

export interface Outcome {
  /** Item id; for a folder of metadata that cannot be listed, 0. */
  readonly item: number;
  readonly cursor: Cursor;
  /** The one counter that this file adds 1 to, `source` apart. */
  readonly counts: Exclude<keyof Counters, 'source' | 'bytes'>;
  readonly bytes?: number;
  /** What the ledger learns: delivered by us, or matched to a message that was there, by digest. */
  readonly ledger?: 'delivered' | { readonly matched: string };
  /** An intent was written for it and nothing was injected. */
  readonly dropIntent?: boolean;
  readonly finding?: Finding;
  /** Its failure may turn out to be that of the whole source. */
  readonly uncertain?: boolean;
  readonly note?: string;
  readonly mountpoint?: Mountpoint;
}

/** Folders, tags and mountpoints are no items: they are counted apart from the source. */
export const isItem = (outcome: Outcome): boolean =>
  outcome.counts !== 'folders' && outcome.counts !== 'tags' && outcome.counts !== 'mountpoints';

/** The counter of a file of which nothing is delivered and nothing is wrong. */
export function countedAs(type: ItemType): 'folders' | 'tags' | 'mountpoints' | 'filtered' {
  if (type === 'folder') return 'folders';
  if (type === 'tag') return 'tags';
  return type === 'mountpoint' ? 'mountpoints' : 'filtered';
}

type Place = Pick<Outcome, 'item' | 'cursor'>;

/** It keeps its intent, so that no later run sends it again. */
export function inDoubt({ item, cursor }: Place, unread?: Defect): Outcome {
  const why = unread
    ? `its content cannot be read to look for it: ${unread.message}`
    : 'the target cannot be asked whether it arrived';
  const reason = `it was sent before an interruption, and ${why}`;
  return { item, cursor, counts: 'unrestored', finding: { item, class: 'doubtful', reason } };
}

export function unrestored(
  { item, cursor }: Place,
  kind: ItemClass,
  reason: string,
  savedAs?: string,
): Outcome {
  return {
    item,
    cursor,
    counts: 'unrestored',
    dropIntent: true,
    finding: { item, class: kind, reason, ...(savedAs === undefined ? {} : { savedAs }) },
  };
}

/** What cannot be read, or is read and wrong, is an item that was not restored. */
export function defectOutcome(store: BackupPath, { item, cursor }: Place, defect: Defect): Outcome {
  return {
    item,
    cursor,
    counts: 'unrestored',
    dropIntent: true,
    finding: { item, class: defect.kind, reason: defect.message, evidence: store.evidenceOf(defect) },
  };
}
