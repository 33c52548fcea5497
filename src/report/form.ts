/** What the forms of the report (text, JSON, HTML) have in common. */
import type { AccountReport, Counters, Finding, Note, ReportHead } from './model';
import { withoutPassword } from './format';
import type { Sink } from './sink';

/** Takes the accounts one after the other: begin, all findings, all notes, end. Buffers only. */
export interface ReportForm {
  /** The file that is published. */
  readonly sink: Sink;
  begin(account: AccountReport, label: string): void;
  finding(finding: Finding): void;
  note(note: Note): void;
  end(): void;
  /** Completes {@link sink} after the last account. */
  finish(seen: Seen): Promise<void>;
}

/** What was written in all. */
export interface Seen {
  accounts: number;
  findings: number;
  notes: number;
}

/** The head as it may be shown: without the password that the target's URL may carry. */
export function shownHead(head: ReportHead): ReportHead {
  return { ...head, target: { ...head.target, url: withoutPassword(head.target.url) } };
}

/** Items that were neither restored nor skipped, filtered or classed: an operation that ended early. */
export function unhandled(totals: Readonly<Counters>): number {
  return totals.source - totals.restored - totals.skipped - totals.filtered - totals.unrestored;
}

/** A sentence when the list and the count differ, which a reader must know; else null. */
export function mismatch(head: ReportHead, seen: Seen): string | null {
  if (seen.findings === head.totals.unrestored) return null;
  return `${seen.findings} unrestored items are listed, but ${head.totals.unrestored} were counted: this list is not to be trusted.`;
}
