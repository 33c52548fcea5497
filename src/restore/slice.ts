/** One unit of work of a lane: accounts of the work list, until the time is up or nothing is left. */
import { Problem } from '../failures';
import type { Ledger } from '../ledger/ledger';
import type { OperationLedger } from '../ledger/operation-ledger';
import { isMailboxAway, type MailTarget } from '../mail/target';
import { restoreAccount, type SliceEnv } from './account-restore';
import { countAccount } from './account-count';
import { afterPutOff } from './put-off';
import { readName } from './select';
import { awaitSettled } from './settle';
import { afterFailure, afterPatience, streakOf } from './trouble';

export interface SliceContext extends SliceEnv {
  /** How long a mailbox may say "later" while nobody else takes mail. */
  readonly patienceSeconds: number;
  readonly openedLedger: Ledger;
  readonly target: MailTarget;
}

/** @returns whether this lane may find more to do */
export async function runSlice(context: SliceContext): Promise<boolean> {
  const { operation, lane, guard } = context;
  // of an attempt that died: whatever it had recorded and was not certain of
  takeBackSuspects(operation, lane);
  try {
    for (;;) {
      if (context.shouldStop(guard.streak > 0)) break;
      const seq = operation.claim(lane);
      // what failed last of all, in a streak too short to be doubted, really failed
      if (seq === null) return forgetSuspects(operation, lane);
      const ran = await runAccount(context, seq);
      if (ran === 'postponed') continue;
      if (!ran) break;
      if (guard.streak === 0) settle(context);
    }
    takeBackSuspects(operation, lane);
    return true;
  } catch (error) {
    noteTrouble(operation, lane, error);
    throw error;
  }
}

async function runAccount(context: SliceContext, seq: number): Promise<boolean | 'postponed'> {
  const { operation, openedLedger, target } = context;
  const work = mendedRow(context, seq);
  const ledger = openedLedger.takeAccount(operation.row().scope, work.account);
  if (work.excluded !== null || work.defect !== null) return countAccount(context, seq, ledger);
  const settled = await awaitSettled(context, ledger, seq);
  if (settled !== true) return settled;
  try {
    const mailbox = await target.openMailbox({ id: work.id, name: work.name });
    try {
      return await restoreAccount(context, seq, ledger, mailbox);
    } finally {
      await mailbox.close();
    }
  } catch (error) {
    const refusal = isMailboxAway(error, work.name) ? afterPutOff(context, seq, error) : refusalOf(error);
    if (refusal === 'postponed') return refusal;
    // the target as a whole is fine, or this throws: it refuses this one mailbox
    await target.check();
    ledger.write(() =>
      operation.putWork(seq, { ...operation.work(seq), defect: { kind: 'invalid', reason: refusal.reason } }),
    );
    return countAccount(context, seq, ledger);
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'TargetRefused',
  'InvalidInput',
  'LoginRefused',
  'SecretUnusable',
]);

/** A target that refuses one mailbox for what it is; not for a secret that all of them share. */
export const isRefusal = (error: unknown): error is Problem =>
  error instanceof Problem && REFUSALS.has(error.type) && error.details.shared !== true;

function refusalOf(error: unknown): { reason: string } {
  if (!isRefusal(error)) throw error;
  return { reason: error.message };
}

/** An account_info that could not be read when the restore was planned may be readable by now. */
function mendedRow({ operation, store }: SliceContext, seq: number) {
  const work = operation.work(seq);
  if (work.excluded !== null || work.defect?.kind !== 'read') return work;
  const { name, defect } = readName(store, work.id);
  if (defect !== null) {
    store.assertThere();
    return work;
  }
  const mended = { ...work, name, defect: null };
  operation.transaction(() => {
    operation.putWork(seq, mended);
    const text =
      'its account_info was unreadable when accounts were created: restore it again for its account data';
    operation.putNote(seq, { item: 0, text });
  });
  return mended;
}

/** What was recorded within a streak is not believed: those accounts go back to where they were before it. */
function takeBackSuspects(operation: OperationLedger, lane: number, signature: string | null = null): void {
  if (operation.lane(lane).suspects.length === 0 && signature === null) return;
  operation.transaction(() => {
    const row = operation.lane(lane);
    for (const suspect of row.suspects) operation.takeBack(suspect);
    operation.putLane(lane, { ...afterFailure(row, signature), suspects: [] });
  });
}

/** What an attempt leaves behind when it fails. */
export function noteTrouble(operation: OperationLedger, lane: number, error: unknown): void {
  takeBackSuspects(operation, lane, streakOf(error));
}

function forgetSuspects(operation: OperationLedger, lane: number): false {
  operation.transaction(() => operation.putLane(lane, { ...operation.lane(lane), suspects: [] }));
  return false;
}

/** An account ended well: trouble is over, and beliefs that were given up are given up for good. */
function settle({ operation, lane, guard }: SliceContext): void {
  const row = operation.lane(lane);
  if (row.trouble === null && row.believed.length === guard.beliefs.length) return;
  operation.transaction(() => operation.putLane(lane, { ...row, trouble: null, believed: guard.beliefs }));
}

/** Which failures are taken for what they are. */
export function believedFailures(
  operation: OperationLedger,
  lane: number,
  patienceSeconds: number,
): Set<string> {
  return operation.transaction(() => {
    const row = operation.lane(lane);
    const now = afterPatience(row, patienceSeconds);
    if (now !== row) operation.putLane(lane, now);
    return new Set(now.believed);
  });
}
