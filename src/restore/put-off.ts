/**
 * A mailbox that takes nothing for now goes behind all others and is asked again: whether it or the whole server is to
 * blame, others show. What they showed is kept with the account, so neither an attempt that ends nor another lane
 * forgets it.
 */
import { Problem } from '../failures';
import type { WorkRow } from '../ledger/model';
import type { OperationLedger } from '../ledger/operation-ledger';

/** With so many other mailboxes put off as well, it is the server's trouble. */
const MANY = 2;
/** That may last so many times longer: a server that is away is waited for. */
const OUTAGE = 30;

/** How long, milliseconds. @param isShared other mailboxes are away as well, and none took anything since */
export const patienceMs = (patienceSeconds: number, isShared: boolean): number =>
  patienceSeconds * 1000 * (isShared ? OUTAGE : 1);

export interface Patience {
  readonly operation: OperationLedger;
  readonly lane: number;
  readonly patienceSeconds: number;
}

/**
 * What becomes of an account whose mailbox said "later".
 *
 * @returns `postponed`: others come first; else why it is given up for what the mailbox is
 * @throws Problem `error`: it is asked again by the next attempt; `MailboxPutsOff` when that has lasted too long and
 * nothing shows that the server takes mail at all
 */
export function afterPutOff(
  { operation, lane, patienceSeconds }: Patience,
  seq: number,
  error: Problem,
): 'postponed' | { readonly reason: string } {
  const { since, others } = rememberPutOff(operation, seq);
  if (operation.postpone(lane, seq)) return 'postponed';
  const lasted = Date.now() - since;
  const isMany = (operation.totals().postponed?.length ?? 0) >= MANY;
  const now = takenByOthers(operation, seq);
  const isItsOwn = now > others || (now > 0 && !isMany);
  if (lasted < patienceMs(patienceSeconds, isMany && !isItsOwn)) {
    // each of those that wait is asked in turn
    operation.takeTurns(lane, seq);
    throw error;
  }
  const said = `${error.message} It has said so for ${Math.round(lasted / 1000)} s`;
  if (isItsOwn) return { reason: `${said}.` };
  const what = `${said}, and no other mailbox took anything meanwhile.`;
  throw new Problem('MailboxPutsOff', what, error.details, { cause: error });
}

/** Since when it is so, epoch milliseconds: without a message of this mailbox that was taken in between. */
function rememberPutOff(operation: OperationLedger, seq: number): NonNullable<WorkRow['putOff']> {
  return operation.transaction(() => {
    const work = operation.work(seq);
    const { restored: own } = work.counters;
    if (work.putOff?.own === own) return work.putOff;
    const putOff = { since: Date.now(), own, others: takenByOthers(operation, seq) };
    operation.putWork(seq, { ...work, putOff });
    return putOff;
  });
}

const takenByOthers = (operation: OperationLedger, seq: number): number =>
  operation.totals().counters.restored - operation.work(seq).counters.restored;
