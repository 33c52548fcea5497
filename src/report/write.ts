/** Writes the report in its three forms in one pass over the accounts, with bounded memory. */
import { Labels } from './format';
import type { ReportForm, Seen } from './form';
import { HtmlForm } from './html';
import { JsonForm } from './json';
import type { RestoreReport } from './model';
import { Workspace } from './sink';
import { TextForm } from './text';

/** Where the report is. Absolute when the folder given was. */
export interface ReportFiles {
  readonly dir: string;
  readonly text: string;
  readonly json: string;
  readonly html: string;
  /** How many accounts and findings were written. */
  readonly accounts: number;
  readonly findings: number;
}

/** Findings and notes between two looks at the buffers. */
const STRIDE = 256;

/**
 * Writes `report.txt`, `report.json` and `report.html` (0600) into `dir`, which is created (0700) when it is
 * missing. Files of an earlier attempt are replaced, each as a whole. Every iterable of `report` is iterated
 * exactly once; only the names of the accounts are kept in memory. Gives way to the event loop while writing.
 *
 * @throws Problem `StateUnavailable` when the folder cannot be written; what the iterables throw is passed on.
 * In both cases the earlier files stay as they were.
 */
export async function writeReport(dir: string, report: RestoreReport): Promise<ReportFiles> {
  const workspace = await Workspace.open(dir);
  try {
    const text = await TextForm.open(workspace, report.head);
    const json = await JsonForm.open(workspace, report.head);
    const html = await HtmlForm.open(workspace, report.head);
    const forms: readonly ReportForm[] = [text, json, html];
    const seen = await passAccounts(workspace, report, forms);
    for (const form of forms) await form.finish(seen);
    const [textPath = '', jsonPath = '', htmlPath = ''] = await workspace.publish([
      { sink: text.sink, name: 'report.txt' },
      { sink: json.sink, name: 'report.json' },
      { sink: html.sink, name: 'report.html' },
    ]);
    const { accounts, findings } = seen;
    return { dir, text: textPath, json: jsonPath, html: htmlPath, accounts, findings };
  } finally {
    await workspace.dispose();
  }
}

async function passAccounts(
  workspace: Workspace,
  report: RestoreReport,
  forms: readonly ReportForm[],
): Promise<Seen> {
  const labels = new Labels();
  const seen: Seen = { accounts: 0, findings: 0, notes: 0 };
  for (const account of report.accounts) {
    const label = labels.label(account.name, account.id);
    for (const form of forms) form.begin(account, label);
    for (const finding of account.findings) {
      for (const form of forms) form.finding(finding);
      seen.findings += 1;
      if (seen.findings % STRIDE === 0) await workspace.drain();
    }
    for (const note of account.notes) {
      for (const form of forms) form.note(note);
      seen.notes += 1;
      if (seen.notes % STRIDE === 0) await workspace.drain();
    }
    for (const form of forms) form.end();
    seen.accounts += 1;
    await workspace.drain();
  }
  return seen;
}
