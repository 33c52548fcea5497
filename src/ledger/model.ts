/** Rows of the ledger. */
import type { Cursor } from '../backup-path/walk';
import type { ProvisionCounts } from '../mail/target';
import type { Counters, ProgressPoint } from '../report/model';

export interface OperationRow {
  readonly number: number;
  readonly id: string;
  /** Source server and target, as a number. */
  readonly scope: number;
  /** Which target it was begun with (MailTarget.instance). */
  readonly targetInstance: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Accounts in the work list. */
  accounts: number;
  /** Metadata files in the work list. */
  files: number;
  planned: boolean;
  finished: boolean;
  /** Warnings of the preflight. */
  notes: string[];
  /** What PHASE 1 made; null before it ended once. */
  provisioned: ProvisionCounts | null;
}

export interface TotalsRow {
  counters: Counters;
  /** Metadata files handled, of all types. */
  handled: number;
  accountsDone: number;
  /** Accounts that were done and must be done again. */
  reopened: number[];
  nextSeq: number;
  points: ProgressPoint[];
  /** Since when (epoch milliseconds) reads of a source that seems healthy all fail in the same way. */
  trouble: { signature: string; since: number } | null;
  /** Ways of failing that are believed by now. */
  believed: string[];
  /** Phase 3 is done for the accounts before this one. */
  extrasNext: number;
}

export interface WorkRow {
  readonly id: string;
  readonly name: string;
  /** Number of the account in the ledger. */
  readonly account: number;
  /** Why nothing of it is restored; null when it is. */
  readonly excluded: string | null;
  /** Set when account_info cannot be used: class and reason for every item. */
  readonly defect: { readonly kind: 'read' | 'broken'; readonly reason: string } | null;
  readonly files: number;
  cursor: Cursor;
  counters: Counters;
  done: boolean;
}

export interface AccountRow {
  /** Counts the attempts on this account; only the latest may write. */
  epoch: number;
  /** The mailbox in the target was listed once. Without it nothing is injected. */
  enumerated: boolean;
}
