/** A report of a restore whose invalid items were restored afterwards: each is counted by where it is now. */
import { Problem } from '../failures';
import type {
  AccountReport,
  Finding,
  Note,
  ReportHead,
  RestoreReport,
  RetriedInvalid,
} from '../report/model';
import { leftOf } from './invalid';

/**
 * @param lost whether anything else keeps the restore from being complete: accounts of which nothing could be restored
 */
export function withRetried(
  report: RestoreReport,
  retried: RetriedInvalid | undefined,
  lost: () => boolean,
): RestoreReport {
  if (retried === undefined) return report;
  const { restored, unread } = restoredBy(retried);
  let moved = 0;
  for (const items of restored.values()) moved += items.size;
  const { head } = report;
  const totals = { ...head.totals };
  totals.restored += moved;
  totals.unrestored -= moved;
  const invalid = Math.max(0, head.unrestoredByClass.invalid - moved);
  const isWhole = head.status === 'partial' && totals.unrestored === 0 && !lost();
  return {
    head: {
      ...head,
      ...(isWhole ? { status: 'completed' as const } : {}),
      retriedInvalid: retried,
      totals,
      unrestoredByClass: { ...head.unrestoredByClass, invalid },
      notes: [...noteOf(retried, unread), ...head.notes],
    },
    accounts: accountsOf(report.accounts, restored),
  };
}

type Restored = ReadonlyMap<string, ReadonlySet<number>>;

/** That its report cannot be read is no reason not to write this one: then its items stay where they were. */
function restoredBy({ list, reportDir }: RetriedInvalid): { restored: Restored; unread: string | null } {
  if (list === null || reportDir === null) return { restored: new Map(), unread: null };
  try {
    return { restored: leftOf(list, reportDir).restored, unread: null };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { restored: new Map(), unread: error.message };
  }
}

function noteOf(
  { items, restored, stillInvalid, how, operationId, failure, reportDir }: RetriedInvalid,
  unread: string | null,
): ReportHead['notes'] {
  if (failure !== undefined) return [`The invalid items were not restored by ${operationId}: ${failure}`];
  const where = reportDir === null ? '' : ` Its report: ${reportDir}.`;
  const doubt = unread === null ? '' : ` It cannot be read, so they stand here as before (${unread}).`;
  return [
    `Of ${items} invalid items ${restored} were restored at the end, by ${operationId}; ${stillInvalid} are still invalid. On ` +
      `the mail host ${how}.${where}${doubt}`,
  ];
}

function* accountsOf(accounts: Iterable<AccountReport>, restored: Restored): Generator<AccountReport> {
  for (const account of accounts) {
    const moved = restored.get(account.id);
    yield moved === undefined || moved.size === 0 ? account : movedIn(account, moved);
  }
}

function movedIn(account: AccountReport, moved: ReadonlySet<number>): AccountReport {
  const counters = { ...account.counters };
  counters.restored += moved.size;
  counters.unrestored -= moved.size;
  return {
    ...account,
    counters,
    findings: without(account.findings, moved),
    notes: noted(account.notes, moved),
  };
}

function* without(findings: Iterable<Finding>, moved: ReadonlySet<number>): Generator<Finding> {
  for (const finding of findings) if (!moved.has(finding.item)) yield finding;
}

function* noted(notes: Iterable<Note>, moved: ReadonlySet<number>): Generator<Note> {
  yield* notes;
  for (const item of moved) yield { item, text: 'refused at first, and restored at the end' };
}
