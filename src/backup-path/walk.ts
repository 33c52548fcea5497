/** Walking the metadata files of an account in a fixed order, from anywhere. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Defect, readDefect } from './defect';
import { accountItemsDir, bucketOf, isBucket, isItemId } from './layout';
import type { BackupPath } from './store';

/** Where a walk stands: everything up to and including this item is behind it. */
export interface Cursor {
  readonly bucket: number;
  readonly item: number;
}
export const START: Cursor = { bucket: 0, item: 0 };
/** In a cursor: its whole folder is behind it. */
const WHOLE_FOLDER = Number.MAX_SAFE_INTEGER;

export type WalkEntry =
  | { readonly kind: 'item'; readonly id: number; readonly path: string; readonly cursor: Cursor }
  /** A metadata file in the folder of other ids, where nobody looks it up. */
  | { readonly kind: 'misplaced'; readonly id: number; readonly path: string; readonly cursor: Cursor }
  /** A folder whose items cannot even be listed. */
  | { readonly kind: 'folder'; readonly defect: Defect; readonly cursor: Cursor };

/**
 * The metadata files of an account behind `after`: by folder ("00" to "99"), then by item id. Temporary files of
 * writers (names that are no item id) are passed over. Holds one folder's names at a time.
 */
export function* walkItems(
  store: BackupPath,
  accountId: string,
  after: Cursor = START,
): Generator<WalkEntry> {
  for (const bucket of buckets(store, accountId)) {
    if (typeof bucket !== 'number') {
      yield { kind: 'folder', defect: bucket, cursor: after };
      return;
    }
    if (bucket < after.bucket || (bucket === after.bucket && after.item === WHOLE_FOLDER)) continue;
    const relative = join(accountItemsDir(accountId), String(bucket).padStart(2, '0'));
    const folder = store.files.absolute(relative);
    let names: string[];
    try {
      store.files.checkFolder(relative);
      names = readdirSync(folder);
    } catch (error) {
      yield {
        kind: 'folder',
        defect: readDefect(error, folder),
        cursor: { bucket, item: WHOLE_FOLDER },
      };
      continue;
    }
    const behind = bucket === after.bucket ? after.item : 0;
    const ids = names
      .filter(isMetadata)
      .map(Number)
      .filter((id) => id > behind);
    ids.sort((a, b) => a - b);
    for (const id of ids) {
      const cursor = { bucket, item: id };
      const kind = isItemId(String(id)) && Number(bucketOf(id)) === bucket ? 'item' : 'misplaced';
      yield { kind, id, path: join(folder, String(id)), cursor };
    }
  }
}

/** A file of digits; also one whose digits are no item id, which is reported and not passed over. */
const isMetadata = (name: string): boolean => /^[1-9][0-9]{0,14}$/.test(name);

/** How many metadata files an account has, without opening any. Folders that cannot be listed count as none. */
export function countItems(store: BackupPath, accountId: string): number {
  let count = 0;
  for (const bucket of buckets(store, accountId)) {
    if (typeof bucket !== 'number') return count;
    try {
      const folder = store.files.absolute(join(accountItemsDir(accountId), String(bucket).padStart(2, '0')));
      for (const name of readdirSync(folder)) if (isMetadata(name)) count++;
    } catch {
      continue; // the walk reports it
    }
  }
  return count;
}

/** The item folders that exist, in order; a Defect when they cannot be listed. An account may have none. */
function buckets(store: BackupPath, accountId: string): (number | Defect)[] {
  const relative = accountItemsDir(accountId);
  const path = store.files.absolute(relative);
  try {
    store.files.checkFolder(relative);
    return readdirSync(path)
      .filter(isBucket)
      .map(Number)
      .sort((a, b) => a - b);
  } catch (error) {
    const defect = readDefect(error, path);
    return defect.code === 'ENOENT' ? [] : [defect];
  }
}
