/** What the source itself says of an account, for the report. */
import { realpathSync } from 'node:fs';
import { Defect } from '../backup-path/defect';
import { carriesBlob } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { walkItems } from '../backup-path/walk';
import type { Finding } from '../report/model';
import { currentState } from '../restore/classify';
import { defectOutcome } from '../restore/outcome';
import type { HostPlan } from './plan';

type PlannedAccount = HostPlan['accounts'][number];

/** Nothing of such an account can be restored: there is no address to restore it to. */
export function lostWithAccount(store: BackupPath, { id, defect }: PlannedAccount): Finding[] {
  const found: Finding[] = [];
  if (defect === null) return found;
  for (const entry of walkItems(store, id)) {
    const item = entry.kind === 'folder' ? 0 : entry.id;
    const state = entry.kind === 'folder' ? entry.defect : currentState(store, entry);
    if (state instanceof Defect) {
      const { finding } = defectOutcome(store, { item, cursor: entry.cursor }, state);
      if (finding) found.push(finding);
    } else if (carriesBlob(state.type)) {
      const { kind, reason, evidence } = defect;
      found.push({
        item,
        class: kind,
        reason,
        ...(evidence ? { evidence: evidence } : {}),
      });
    }
  }
  return found;
}

/** As the metadata says. */
export function restoredBytes(
  store: BackupPath | null,
  account: PlannedAccount,
  findings: readonly Finding[],
): number {
  let bytes = account.counters?.bytes ?? 0;
  for (const { item } of findings) {
    try {
      bytes -= store?.itemById(account.id, item).at(-1)?.size ?? 0;
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
    }
  }
  return Math.max(0, bytes);
}

/** Where a store lies whose blobs can be read though its metadata cannot; null when it is not there. */
export function rootOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
