/** Rows of the ledger. */
import type { Evidence } from '../backup-path/evidence';
import type { Cursor } from '../backup-path/walk';
import type { ProvisionCounts } from '../mail/target';
import type { Trouble } from '../restore/trouble';
import type { View } from '../restore/view';
import type { Counters, ItemClass, ProgressPoint } from '../report/model';

/** Between what an operation works; kept so that later steps recognise both, and a report needs neither. */
export interface Places {
  readonly sourceRoot: string;
  /** Another store at the same path has another one. */
  readonly serverId: string;
  readonly serverName: string;
  readonly dialect: string;
  readonly targetId: string;
  /** MailTarget.instance */
  readonly targetInstance: string;
  readonly targetDescription: string;
}

export interface OperationRow {
  readonly number: number;
  readonly id: string;
  /** Source server and target, as a number. */
  readonly scope: number;
  readonly places: Places;
  /** What it sees of the source; absent: everything, as it is. */
  readonly view?: View;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Accounts in the work list. */
  accounts: number;
  /** Metadata files in the work list. */
  files: number;
  planned: boolean;
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
  /** Accounts that wait for the target to settle; taken when nothing else is left. */
  postponed?: number[];
  nextSeq: number;
  /** Where an earlier release kept the chart; it needs an array here. */
  points: readonly ProgressPoint[];
  /** When the last point of the chart was put down, seconds since the start. */
  pointAt?: number;
  /** Phase 3 is done for the accounts before this one, */
  extrasNext: number;
  /** but for these, whose mailboxes are away: since when, epoch milliseconds. */
  extrasLater?: readonly { readonly seq: number; readonly since: number }[];
  /** When an account last took what phase 3 brings, epoch milliseconds; known only while others are away. */
  extrasTaken?: number;
}

/** An account with items that were recorded as unreadable while that was not certain, and where to go back to. */
export interface Suspect {
  readonly seq: number;
  /** The row as it was before the first uncertain item. */
  readonly before: Pick<WorkRow, 'cursor' | 'counters'>;
  /** Keys of the uncertain findings. */
  readonly findings: number[];
}

/** What a lane must not forget when it dies. */
export interface LaneRow extends Trouble {
  /** The account that it works on, or worked on last. */
  seq: number | null;
  suspects: Suspect[];
}

export interface WorkRow {
  readonly id: string;
  readonly name: string;
  /** Number of the account in the ledger. */
  readonly account: number;
  /** Why nothing of it is restored; null when it is. */
  readonly excluded: string | null;
  /** Set when nothing can be restored to it (account_info unusable, refused by the target): class and reason for every item. */
  defect: { readonly kind: ItemClass; readonly reason: string; readonly evidence?: Evidence } | null;
  readonly files: number;
  cursor: Cursor;
  counters: Counters;
  done: boolean;
  /** Its mailbox takes nothing for now: since when (epoch milliseconds), and what it and the others had taken by then. */
  putOff?: { readonly since: number; readonly own: number; readonly others: number };
}

export interface AccountRow {
  /** Counts the attempts on this account; only the latest may write. */
  epoch: number;
  /** The mailbox in the target was listed once. Without it nothing is injected. */
  enumerated: boolean;
  /** Of the mailbox, for targets that can tell one from another. */
  instance?: string;
}

/** An item that is about to be injected: the operation, and for targets that want it what finds it again. */
export type Intent =
  | number
  | {
      readonly operation: number;
      readonly trace: string | null;
      /** When an attempt found it that had not made it, epoch milliseconds. */
      readonly seenAt?: number;
    };

export interface Doubt {
  readonly item: number;
  readonly operation: number;
  readonly trace: string | null;
  readonly seenAt: number | null;
}
