/** One unit of work of a lane: accounts of the work list, until the time is up or nothing is left. */
import { Problem } from '../failures';
import type { Ledger } from '../ledger/ledger';
import type { OperationLedger } from '../ledger/operation-ledger';
import type { MailTarget } from '../mail/target';
import { restoreAccount, type SliceEnv } from './account-restore';
import { countAccount } from './account-count';

export interface SliceContext extends SliceEnv {
  readonly openedLedger: Ledger;
  readonly target: MailTarget;
  readonly lane: number;
}

/** @returns whether this lane may find more to do */
export async function runSlice(context: SliceContext): Promise<boolean> {
  /** Accounts that ended in the streak of failures that is still growing. */
  let suspects: number[] = [];
  try {
    for (;;) {
      if (context.guard.streak === 0) {
        suspects = [];
        if (context.shouldStop()) return true;
      }
      const seq = context.operation.claim(context.lane);
      if (seq === null) return false;
      if (!(await runAccount(context, seq))) return true;
      suspects.push(seq);
      if (context.guard.streak === 0) clearTrouble(context.operation);
    }
  } catch (error) {
    const signature = streakOf(error);
    if (signature !== null) noteTrouble(context.operation, signature, suspects);
    throw error;
  }
}

async function runAccount(context: SliceContext, seq: number): Promise<boolean> {
  const work = context.operation.work(seq);
  const ledger = context.openedLedger.takeAccount(context.operation.row().scope, work.account);
  if (work.excluded !== null || work.defect !== null) return countAccount(context, seq, ledger);
  const mailbox = await context.target.openMailbox({ id: work.id, name: work.name });
  try {
    return await restoreAccount(context, seq, ledger, mailbox);
  } finally {
    await mailbox.close();
  }
}

function streakOf(error: unknown): string | null {
  const streak =
    error instanceof Problem && error.type === 'SourceUnavailable' ? error.details.streak : undefined;
  return typeof streak === 'string' ? streak : null;
}

/** The accounts that ended within the streak are done again: what was classed there is not believed. */
function noteTrouble(operation: OperationLedger, signature: string, suspects: readonly number[]): void {
  operation.transaction(() => {
    for (const seq of suspects) operation.reopen(seq);
    const totals = operation.totals();
    if (totals.trouble?.signature !== signature) totals.trouble = { signature, since: Date.now() };
    operation.putTotals(totals);
  });
}

function clearTrouble(operation: OperationLedger): void {
  if (operation.totals().trouble === null) return;
  operation.transaction(() => operation.putTotals({ ...operation.totals(), trouble: null }));
}

/**
 * Which failures are taken for what they are. Trouble with a source that seems healthy is believed once it has lasted
 * longer than the operator wants to wait for it.
 */
export function believedFailures(operation: OperationLedger, patienceSeconds: number): ReadonlySet<string> {
  return operation.transaction(() => {
    const totals = operation.totals();
    if (totals.trouble !== null && Date.now() - totals.trouble.since > patienceSeconds * 1000) {
      totals.believed.push(totals.trouble.signature);
      totals.trouble = null;
      operation.putTotals(totals);
    }
    return new Set(totals.believed);
  });
}
