/** Reading the report of an operation back, for the command line. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, ReportHead } from '../report/model';

export interface AccountLine {
  readonly restored: number;
  readonly skipped: number;
  readonly unrestored: readonly Pick<Finding, 'item' | 'class' | 'reason'>[];
}

export interface ReadReport {
  readonly head: ReportHead;
  readonly accounts: Readonly<Record<string, AccountLine>>;
}

/** Larger ones are for tools that stream, not for a command's output. */
const LARGEST_BYTES = 256 * 1024 * 1024;

/** Answers why not, in a sentence, when it cannot be read here: it is on the machine of the worker, most of the time. */
export async function readReport(reportDir: string): Promise<ReadReport | string> {
  const file = join(reportDir, 'report.json');
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > LARGEST_BYTES) return `The report is too large to be shown here: ${file}.`;
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT') return `The report is on the machine of the worker: ${file}.`;
    return `The report ${file} cannot be read (${code || (error as Error).message}).`;
  }
  return parse(file, text);
}

type RawAccount = AccountLine & Record<string, unknown>;

function parse(file: string, text: string): ReadReport | string {
  try {
    const { accounts, ...head } = JSON.parse(text) as ReportHead & { accounts: Record<string, RawAccount> };
    const lines = Object.entries(accounts).map(([name, account]) => [name, accountLine(account)] as const);
    return { head, accounts: Object.fromEntries(lines) };
  } catch (error) {
    return `The report ${file} is damaged (${(error as Error).message}).`;
  }
}

function accountLine({ restored, skipped, unrestored }: RawAccount): AccountLine {
  return {
    restored,
    skipped,
    unrestored: unrestored.map((finding) => ({
      item: finding.item,
      class: finding.class,
      reason: finding.reason,
    })),
  };
}
