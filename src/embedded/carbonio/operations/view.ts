/** Copies accounts of one Backup Path into a new one, as they were at a moment: what is then restored, or exported. */
import { copyFileSync, linkSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Defect } from '../../../backup-path/defect';
import { blobPath } from '../../../backup-path/layout';
import type { AccountInfo, ItemState } from '../../../backup-path/model';
import type { BackupPath } from '../../../backup-path/store';
import { walkItems } from '../../../backup-path/walk';
import type { BackupPathWriter } from '../../../backup-path/writer';

export interface View {
  /** What the copy says of the account. */
  readonly info: AccountInfo;
  /** The states that the copy has of an item (oldest first); null leaves the item out. */
  choose(item: number, states: readonly ItemState[]): readonly ItemState[] | null;
}

/** @returns items whose metadata cannot be used: they are not in the copy */
export function copyAccount(from: BackupPath, to: BackupPathWriter, accountId: string, view: View): number[] {
  const lost: number[] = [];
  to.account(view.info);
  for (const entry of walkItems(from, accountId)) {
    if (entry.kind === 'folder') {
      lost.push(0);
      continue;
    }
    try {
      const states = view.choose(entry.id, from.itemStates(entry.path));
      if (states === null) continue;
      for (const { digest } of states) if (digest !== null) copyBlob(from, to.root, digest);
      to.item(view.info.id, entry.id, states);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      lost.push(entry.id);
    }
  }
  return lost;
}

/** A blob that is missing stays so: whoever reads the copy says that it cannot be read. */
function copyBlob(from: BackupPath, root: string, digest: string): void {
  const source = from.files.absolute(blobPath(digest));
  const path = join(root, blobPath(digest));
  mkdirSync(dirname(path), { recursive: true });
  try {
    linkSync(source, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EXDEV' || code === 'EPERM' || code === 'EMLINK') copyFileSync(source, path);
    else if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}

/** The state at a moment (epoch ms), as a history of its own; null when there was none, or it was deleted. */
export function stateAt(states: readonly ItemState[], moment: number): readonly ItemState[] | null {
  const state = states.filter(({ start }) => start <= moment).at(-1);
  if (state === undefined) return null;
  // folders stay, deleted or not: their mail may need them
  if (state.deleted && state.type !== 'folder') return null;
  return [{ ...state, deleted: false, end: null }];
}
