/** What is in the source, account by account, and in which parts the mail host is to restore it. */
import { Defect } from '../backup-path/defect';
import { carriesBlob } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { walkItems } from '../backup-path/walk';
import type { ExternalRestoreInput } from '../contracts/external-restore';
import { Problem } from '../failures';
import { zeroCounters, type Counters } from '../report/model';
import { currentState, isFiltered } from '../restore/classify';
import { readName, selectAccounts, type Selected } from '../restore/select';
import { STREAK_LIMIT, type SourceGuard } from '../restore/source-guard';

export interface SurveyRow extends Selected {
  /** Of it `source`, `filtered`, folders, tags, mountpoints and the bytes of what is to be restored; null: not known. */
  readonly counters: Counters | null;
  readonly status: string | null;
  /** Bytes; null: none, or not known. */
  readonly quota: string | null;
}

/**
 * Reads the metadata of every account.
 * @throws Problem `AccountNotFound`, `SourceUnavailable`
 */
export function survey(
  store: BackupPath,
  input: ExternalRestoreInput,
  onProgress: (accounts: number) => void,
): SurveyRow[] {
  const rows: SurveyRow[] = [];
  const reads = new AccountReads(store);
  const everything = selectAccounts(store, input, reads);
  reads.judge(everything);
  for (const selected of everything) {
    if (selected.excluded !== null && !input.countExcluded) continue;
    rows.push({ ...selected, counters: countItems(store, selected, input), ...infoOf(store, selected) });
    onProgress(rows.length);
  }
  store.assertThere();
  return rows;
}

/**
 * Whether accounts that cannot be read are lost, or the source is away: here nothing is written, so all can be looked at
 * before that is judged. While others can be read, those that cannot are findings, however many.
 */
class AccountReads implements Pick<SourceGuard, 'ok' | 'failed'> {
  private good = 0;
  private bad = 0;

  constructor(private readonly store: BackupPath) {}

  ok(): void {
    this.good++;
  }

  failed(): boolean {
    this.store.assertThere();
    this.bad++;
    return true;
  }

  /** @throws Problem `SourceUnavailable` */
  judge(accounts: readonly Selected[]): void {
    const { root } = this.store;
    if (this.good === 0 && this.bad >= STREAK_LIMIT)
      throw new Problem('SourceUnavailable', `None of the ${this.bad} accounts of ${root} can be read.`);
    for (const { id, defect } of accounts) {
      if (defect?.kind === 'read' && readName(this.store, id).defect?.kind !== 'read')
        throw new Problem('SourceUnavailable', `The account ${id} of ${root} can be read only now and then.`);
    }
  }
}

function countItems(store: BackupPath, { id, excluded }: Selected, input: ExternalRestoreInput): Counters {
  const counters = zeroCounters();
  for (const entry of walkItems(store, id)) {
    const state = entry.kind === 'folder' ? entry.defect : currentState(store, entry);
    if (state instanceof Defect) {
      counters.source++;
      if (excluded !== null) counters.filtered++;
    } else if (!carriesBlob(state.type)) {
      counters[state.type === 'folder' ? 'folders' : state.type === 'tag' ? 'tags' : 'mountpoints']++;
    } else {
      counters.source++;
      if (excluded !== null || isFiltered(state, input)) counters.filtered++;
      else counters.bytes += state.size;
    }
  }
  return counters;
}

function infoOf(store: BackupPath, { id, defect }: Selected): Pick<SurveyRow, 'status' | 'quota'> {
  if (defect !== null) return { status: null, quota: null };
  try {
    const { status, attributes } = store.accountInfo(id);
    const quota = [attributes['zimbraMailQuota'] ?? null].flat()[0] ?? null;
    return { status, quota };
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    return { status: null, quota: null };
  }
}

export interface BatchRules {
  /** Accounts in one operation of the host. */
  readonly batchAccounts: number;
  /** An account with more items has one for itself. */
  readonly largeAccountItems: number;
}

/** Positions in the list of accounts: those that are restored, in order, a large one alone. */
export function batchesOf(rows: readonly SurveyRow[], rules: BatchRules): number[][] {
  const batches: number[][] = [];
  let open: number[] = [];
  rows.forEach((row, at) => {
    if (row.excluded !== null || row.defect !== null) return;
    if ((row.counters?.source ?? 0) > rules.largeAccountItems) batches.push([at]);
    else {
      open.push(at);
      if (open.length === 1) batches.push(open);
      if (open.length >= rules.batchAccounts) open = [];
    }
  });
  return batches;
}
