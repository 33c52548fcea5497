/** `backup doPurge`: what was deleted longer ago than the retention leaves the own Backup Path (documented). */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Defect } from '../../../backup-path/defect';
import { accountDir, BLOBS } from '../../../backup-path/layout';
import type { BackupPath } from '../../../backup-path/store';
import { walkItems } from '../../../backup-path/walk';
import type { Stats } from './model';

const DAY_MS = 86_400_000;

export interface Retention {
  /** Days; 0: for ever. */
  readonly items: number;
  readonly accounts: number;
}

/** Accounts, then items, then blobs that nothing refers to any more. Metadata that cannot be read keeps every blob. */
export function purgeStore(store: BackupPath, retention: Retention, now: number): Stats {
  const isOver = (deletedAt: number | null, days: number): boolean =>
    days > 0 && deletedAt !== null && deletedAt + days * DAY_MS < now;
  const counts = { accounts: 0, items: 0, blobs: 0 };
  const used = new Set<string>();
  let unreadable = false;
  for (const id of store.accountIds().ids) {
    const { status, deletedAt } = store.accountInfo(id);
    if (status === 'deleted' && isOver(deletedAt, retention.accounts)) {
      rmSync(join(store.root, accountDir(id)), { recursive: true });
      counts.accounts++;
      continue;
    }
    for (const entry of walkItems(store, id)) {
      if (entry.kind === 'folder') continue;
      try {
        const states = store.itemStates(entry.path);
        const last = states.at(-1);
        if (last?.deleted && isOver(last.start, retention.items)) {
          rmSync(entry.path);
          counts.items++;
        } else for (const { digest } of states) if (digest !== null) used.add(digest);
      } catch (error) {
        if (!(error instanceof Defect)) throw error;
        unreadable = true;
      }
    }
  }
  if (!unreadable) counts.blobs = purgeBlobs(store.root, used);
  return [
    ['retention days', String(retention.items)],
    ['purged accounts', String(counts.accounts)],
    ['purged items', String(counts.items)],
    ['purged blobs', String(counts.blobs)],
  ];
}

function purgeBlobs(root: string, used: ReadonlySet<string>): number {
  let purged = 0;
  for (const folder of readdirSync(join(root, BLOBS)))
    for (const name of readdirSync(join(root, BLOBS, folder))) {
      if (used.has(name) || name.startsWith('.')) continue;
      rmSync(join(root, BLOBS, folder, name));
      purged++;
    }
  return purged;
}
