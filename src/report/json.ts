/** The report as JSON, for programs: the head, then every account with every finding, streamed. */
import { type ReportForm, shownHead } from './form';
import type { AccountReport, Finding, Note, ReportHead } from './model';
import { remedyOf } from './remedies';
import type { Sink, Workspace } from './sink';

/** `report.json`: one line an account and one a finding or note, so that line tools can be used on it too. */
export class JsonForm implements ReportForm {
  private accounts = 0;
  private findings = 0;
  private notes = 0;

  private constructor(readonly sink: Sink) {}

  static async open(workspace: Workspace, head: ReportHead): Promise<JsonForm> {
    const sink = await workspace.sink();
    const text = JSON.stringify(shownHead(head), null, 2);
    // Without the closing brace and the line break before it: the accounts follow as one more property.
    sink.append(`${text.slice(0, -2)},\n  "accounts": {`);
    return new JsonForm(sink);
  }

  begin({ id, excluded, counters }: AccountReport, label: string): void {
    const { restored, skipped, filtered, source, folders, tags, mountpoints, bytes } = counters;
    const fields = { id, excluded, restored, skipped, filtered, source, folders, tags, mountpoints, bytes };
    const text = JSON.stringify(fields);
    this.sink.append(`${this.accounts === 0 ? '' : ','}\n    ${JSON.stringify(label)}: `);
    this.sink.append(`${text.slice(0, -1)},"unrestored":[`);
    this.accounts += 1;
    this.findings = 0;
    this.notes = 0;
  }

  finding(finding: Finding): void {
    const { item, class: itemClass, reason, evidence, savedAs } = finding;
    const remedy = remedyOf(finding);
    const text = JSON.stringify({ item, class: itemClass, reason, ...evidence, remedy, savedAs });
    this.sink.append(`${this.findings === 0 ? '' : ','}\n      ${text}`);
    this.findings += 1;
  }

  note({ item, text }: Note): void {
    this.sink.append(this.notes === 0 ? '],"notes":[' : ',');
    this.sink.append(`\n      ${JSON.stringify({ item, text })}`);
    this.notes += 1;
  }

  end(): void {
    this.sink.append(this.notes === 0 ? '],"notes":[]}' : ']}');
  }

  async finish(): Promise<void> {
    this.sink.append(this.accounts === 0 ? '}\n}\n' : '\n  }\n}\n');
    await this.sink.flush();
  }
}
