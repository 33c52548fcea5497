/** Counts the items of an account of which nothing is restored. */
import { Defect } from '../backup-path/defect';
import { carriesBlob } from '../backup-path/model';
import type { WalkEntry } from '../backup-path/walk';
import type { AccountLedger } from '../ledger/account-ledger';
import type { WorkRow } from '../ledger/model';
import type { SliceEnv } from './account-restore';
import { currentState } from './classify';
import { countedAs, defectOutcome, type Outcome } from './outcome';
import { recordBatch } from './record';

/** Metadata only, so larger steps than those of a restore. */
const BATCH_ITEMS = 2_000;

/**
 * Every item of an account that was left out counts as *filtered*; of one whose account_info cannot be used, as
 * *unrestored*: there is no address to restore it to.
 * @returns true when the account is done, false when it was stopped before
 */
export function countAccount(env: SliceEnv, seq: number, ledger: AccountLedger): boolean {
  const work = env.operation.work(seq);
  const walk = env.walk(work.id, work.cursor);
  for (;;) {
    if (env.shouldStop(false)) return false;
    const outcomes: Outcome[] = [];
    let done = false;
    while (outcomes.length < BATCH_ITEMS && !done) {
      const next = walk.next();
      if (next.done) done = true;
      else outcomes.push(count(env, next.value, work.defect));
    }
    // a store that went away looks like an account without items
    if (done) env.store.assertThere();
    const { operation, lane } = env;
    recordBatch({
      operation,
      lane,
      seq,
      ledger,
      outcomes,
      notBegun: [],
      notes: [],
      done,
      streak: env.guard.streak,
    });
    env.onProgress();
    if (done) return true;
  }
}

function count(env: SliceEnv, entry: WalkEntry, account: WorkRow['defect']): Outcome {
  const item = entry.kind === 'folder' ? 0 : entry.id;
  const { cursor } = entry;
  const state = entry.kind === 'folder' ? entry.defect : currentState(env.store, entry);
  if (!(state instanceof Defect) && !carriesBlob(state.type)) {
    return { item, cursor, counts: countedAs(state.type) };
  }
  if (account === null) return { item, cursor, counts: 'filtered' };
  if (state instanceof Defect) return defectOutcome(env.store, { item, cursor }, state);
  return {
    item,
    cursor,
    counts: 'unrestored',
    finding: {
      item,
      class: account.kind,
      reason: account.reason,
      ...(account.evidence ? { evidence: account.evidence } : {}),
    },
  };
}
