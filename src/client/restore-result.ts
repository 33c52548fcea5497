/** The end of a restore, in the three things a command gives: text, JSON, exit code. */
import { CLASS_NAMES, ITEM_CLASSES } from '../report/model';
import { counted, printable } from '../report/format';
import { summaryText } from '../report/summary';
import { EXIT, exitCodeOf } from './exit-codes';
import type { Outcome } from './outcome';
import type { AccountLine, ReadReport } from './report-file';

export interface RestoreEnd {
  /** What people call the operation. Default: `External Restore` */
  readonly what?: string;
  readonly operationId: string;
  readonly outcome: Outcome;
  readonly reportDir: string | null;
  /** Or a sentence that says why it is not here; null when none was written. */
  readonly report: ReadReport | string | null;
  /** Where the operation can be looked at in the web interface, when known. */
  readonly page: string | null;
}

export function exitCodeOfRestore({ outcome }: RestoreEnd): number {
  if (outcome.kind === 'cancelled') return EXIT.interrupted;
  if (outcome.kind === 'failed') return exitCodeOf(outcome.type);
  return outcome.result.status === 'partial' ? EXIT.partial : EXIT.done;
}

interface Document {
  status: 'completed' | 'partial' | 'cancelled' | 'failed' | 'running';
  operationId: string | null;
  source: number;
  restored: number;
  skipped: number;
  filtered: number;
  unrestored: number;
  accounts: Readonly<Record<string, AccountLine>>;
  reportDir: string | null;
  note?: string;
  error?: { type: string; message: string };
}

const NOTHING = { source: 0, restored: 0, skipped: 0, filtered: 0, unrestored: 0 };

/** For a program. Every field but `note` and `error` is always there. */
export function jsonOf({ operationId, outcome, reportDir, report }: RestoreEnd): Document {
  const read = typeof report === 'object' ? report : null;
  const totals = outcome.kind === 'done' ? outcome.result : (read?.head.totals ?? NOTHING);
  const { source, restored, skipped, filtered, unrestored } = totals;
  return {
    status: outcome.kind === 'done' ? outcome.result.status : outcome.kind,
    operationId,
    source,
    restored,
    skipped,
    filtered,
    unrestored,
    accounts: read?.accounts ?? {},
    reportDir,
    ...(typeof report === 'string' ? { note: report } : {}),
    ...(outcome.kind === 'failed' ? { error: { type: outcome.type, message: outcome.message } } : {}),
  };
}

/** For a restore that the command left running. */
export function runningJson(operationId: string, note: string): Document {
  return { status: 'running', operationId, ...NOTHING, accounts: {}, reportDir: null, note };
}

/** For a restore that did not come to start. */
export function failedJson(type: string, message: string): Document {
  const error = { type, message };
  return { status: 'failed', operationId: null, ...NOTHING, accounts: {}, reportDir: null, error };
}

const ACCOUNTS_SHOWN = 50;
const ITEMS_SHOWN = 20;

/** For a person. */
export function textOf(end: RestoreEnd): string {
  const { what = 'External Restore', outcome, report, reportDir, page } = end;
  const read = typeof report === 'object' ? report : null;
  const lines = [read ? summaryText(read.head) : summaryWithoutReport(what, outcome)];
  if (read) lines.push(...unrestoredLines(read.accounts));
  if (reportDir !== null && read) lines.push(`Report:   ${reportDir} (report.html, report.txt, report.json)`);
  if (typeof report === 'string') lines.push(`Report:   ${report}`);
  if (page !== null) lines.push(`Temporal: ${page}`);
  return lines.join('\n');
}

function summaryWithoutReport(what: string, outcome: Outcome): string {
  if (outcome.kind === 'cancelled') return `${what} cancelled.`;
  if (outcome.kind === 'failed') return `${what} failed. ${outcome.message}`;
  const { status, source, restored, skipped, filtered, unrestored, target } = outcome.result;
  return [
    `${what} ${status}.`,
    `Items:    ${source} in the source: ${restored} restored, ${skipped} skipped, ${filtered} filtered, ${unrestored} unrestored`,
    `Target:   ${target}`,
  ].join('\n');
}

function unrestoredLines(accounts: Readonly<Record<string, AccountLine>>): string[] {
  const concerned = Object.entries(accounts).filter(([, { unrestored }]) => unrestored.length > 0);
  if (concerned.length === 0) return [];
  const lines = concerned
    .slice(0, ACCOUNTS_SHOWN)
    .map(([name, { unrestored }]) => `  ${printable(name)}: ${idsByClass(unrestored)}`);
  const more = concerned.length - lines.length;
  if (more > 0) lines.push(`  and ${counted(more, 'more account')}: see the report`);
  return ['Unrestored items, by id:', ...lines];
}

/** `257, 258 (read error); 301 (broken)` */
function idsByClass(unrestored: AccountLine['unrestored']): string {
  return ITEM_CLASSES.map((name) => ({ name, found: unrestored.filter((finding) => finding.class === name) }))
    .filter(({ found }) => found.length > 0)
    .map(({ name, found }) => {
      const ids = found.slice(0, ITEMS_SHOWN).map(({ item }) => item);
      const more = found.length > ITEMS_SHOWN ? ` and ${found.length - ITEMS_SHOWN} more` : '';
      return `${ids.join(', ')}${more} (${CLASS_NAMES[name]})`;
    })
    .join('; ');
}
