/** Step 1: preflight, and the work list. */
import type { BackupPath } from '../backup-path/store';
import { countItems, START } from '../backup-path/walk';
import type { Ledger } from '../ledger/ledger';
import type { WorkRow } from '../ledger/model';
import { zeroCounters } from '../report/model';
import { requireSpace, sourceWarnings } from './preflight';
import { selectAccounts, type Selected } from './select';
import type { Session } from './session';

export interface PlanResult {
  /** Accounts in the work list, those left out included when their items are counted. */
  readonly accounts: number;
  /** Metadata files in the work list. */
  readonly files: number;
  readonly reportDir: string;
  readonly target: string;
  readonly engineReason: string;
}

export async function planRestore(
  session: Session,
  onProgress: (accounts: number) => void,
): Promise<PlanResult> {
  const { store, target, ledger, operation, request } = session;
  const { input } = request;
  if (!operation.row().planned) {
    const selected = selectAccounts(store, input).filter(
      (entry) => entry.excluded === null || input.countExcluded,
    );
    const work = workList(store, ledger, operation.row().scope, selected, onProgress);
    store.assertThere();
    if (!input.provisioningOnly) await requireSpace(store, ledger, operation.row().scope, work, target);
    operation.plan(work, [
      ...sourceWarnings(store),
      ...(input.countExcluded
        ? []
        : ['Items of accounts that were left out are not counted (countExcluded is false).']),
    ]);
  }
  const row = operation.row();
  return {
    accounts: row.accounts,
    files: row.files,
    reportDir: session.reportDir,
    target: target.description,
    engineReason: `the dialect ${store.dialect.name} is known`,
  };
}

function workList(
  store: BackupPath,
  ledger: Ledger,
  scope: number,
  selected: readonly Selected[],
  onProgress: (accounts: number) => void,
): WorkRow[] {
  const numbers = ledger.accounts(
    scope,
    selected.map(({ id }) => id),
  );
  return selected.map((entry, index) => {
    if (index % 100 === 0) onProgress(index);
    return {
      ...entry,
      account: numbers[index] as number,
      files: countItems(store, entry.id),
      cursor: START,
      counters: zeroCounters(),
      done: false,
    };
  });
}
