/** The report as plain text: first what administrators know from the server's own mail, then the detail. */
import {
  counted,
  byteSize,
  durationWords,
  printable,
  secondsBetween,
  shortDuration,
  utcTime,
} from './format';
import { mismatch, type ReportForm, type Seen, shownHead, unhandled } from './form';
import {
  type AccountReport,
  CLASS_NAMES,
  type Finding,
  ITEM_CLASSES,
  type ItemClass,
  type Note,
  type ReportHead,
} from './model';
import { REMEDIES, REMEDY_NAMES, remedyNameOf, type RemedyName } from './remedies';
import type { Sink, Workspace } from './sink';
import { verdict } from './summary';

/**
 * `report.txt`. The ids per account go straight into the file; what follows them (reasons by class, accounts
 * left out, notes) is collected in side files, because the accounts are seen only once.
 */
export class TextForm implements ReportForm {
  private label = '';
  private findings = 0;
  private notesOfAccount = 0;
  private readonly remediesOfAccount = new Set<RemedyName>();
  /** What was listed: the remedies of each class, and how many items. */
  private readonly remediesOf = new Map<ItemClass, Set<RemedyName>>();
  private readonly listed: Record<ItemClass, number> = {
    read: 0,
    broken: 0,
    invalid: 0,
    unsupported: 0,
    doubtful: 0,
    unclassed: 0,
  };

  private constructor(
    private readonly workspace: Workspace,
    private readonly head: ReportHead,
    readonly sink: Sink,
    private readonly byRemedy: ReadonlyMap<RemedyName, Sink>,
    private readonly leftOut: Sink,
    private readonly notes: Sink,
  ) {}

  static async open(workspace: Workspace, head: ReportHead): Promise<TextForm> {
    const sink = await workspace.sink();
    sink.append(textHead(head));
    sink.append('\n- unrestored items -\n');
    const byRemedy = new Map<RemedyName, Sink>();
    for (const name of REMEDY_NAMES) byRemedy.set(name, await workspace.sink());
    return new TextForm(workspace, head, sink, byRemedy, await workspace.sink(), await workspace.sink());
  }

  begin(account: AccountReport, label: string): void {
    this.label = printable(label);
    this.findings = 0;
    this.notesOfAccount = 0;
    this.remediesOfAccount.clear();
    if (account.excluded !== undefined)
      this.leftOut.append(`${this.label}: ${printable(account.excluded)}\n`);
  }

  finding(finding: Finding): void {
    this.sink.append(
      this.findings === 0 ? `account: ${this.label}\nunrestored items: ${finding.item}` : `,${finding.item}`,
    );
    this.findings += 1;
    this.listed[finding.class] += 1;
    const remedy = remedyNameOf(finding);
    const details = this.byRemedy.get(remedy) as Sink;
    this.remediesOf.set(finding.class, (this.remediesOf.get(finding.class) ?? new Set()).add(remedy));
    if (!this.remediesOfAccount.has(remedy)) {
      this.remediesOfAccount.add(remedy);
      details.append(`  account: ${this.label}\n`);
    }
    const saved = finding.savedAs === undefined ? '' : ` [saved as ${printable(finding.savedAs)}]`;
    details.append(`    ${finding.item}: ${printable(finding.reason)}${saved}\n`);
  }

  note(note: Note): void {
    if (this.notesOfAccount === 0) this.notes.append(`account: ${this.label}\n`);
    this.notesOfAccount += 1;
    this.notes.append(`  ${note.item}: ${printable(note.text)}\n`);
  }

  end(): void {
    if (this.findings > 0) this.sink.append('\n\n');
  }

  async finish(seen: Seen): Promise<void> {
    const { sink, head } = this;
    const doubt = mismatch(head, seen);
    if (seen.findings === 0) sink.append('none\n\n');
    if (doubt !== null) sink.append(`${doubt}\n\n`);
    sink.append('- reasons and remedies -\n');
    if (seen.findings === 0) sink.append('none\n');
    for (const name of ITEM_CLASSES) {
      // The two differ only when something is wrong; then what is listed must not be hidden.
      const count = Math.max(this.listed[name], head.unrestoredByClass[name]);
      if (count === 0) continue;
      sink.append(`${CLASS_NAMES[name]}: ${counted(count, 'item')}\n`);
      for (const remedy of REMEDY_NAMES.filter((one) => this.remediesOf.get(name)?.has(one))) {
        sink.append(`  what to do: ${REMEDIES[remedy]}\n`);
        await this.workspace.join(sink, this.byRemedy.get(remedy) as Sink);
      }
    }
    sink.append('\n- accounts left out -\n');
    await this.workspace.join(sink, this.leftOut);
    sink.append('\n- notes -\n');
    for (const note of head.notes) sink.append(`* ${printable(note)}\n`);
    await this.workspace.join(sink, this.notes);
    sink.append('\n- notifications -\n');
    for (const { event, to, outcome } of head.notifications) {
      const whom = to.length === 0 ? '' : ` to ${to.map(printable).join(', ')}`;
      sink.append(`${printable(event)}${whom}: ${printable(outcome)}\n`);
    }
  }
}

function provisionedLines(provisioned: ReportHead['provisioned']): string[] {
  if (provisioned === null) return ['By the mail host, which tells no numbers.'];
  return [
    `Created Domains: ${provisioned.domains}`,
    `Created Classes of Service: ${provisioned.coses}`,
    `Created Distribution Lists: ${provisioned.lists}`,
    `Created Accounts: ${provisioned.accounts}`,
    `Created Aliases: ${provisioned.aliases}`,
    `Left As They Were: ${provisioned.existing}`,
  ];
}

function textHead(given: ReportHead): string {
  const head = shownHead(given);
  const { totals, provisioned, source } = head;
  const open = unhandled(totals);
  const width = Math.max(0, ...head.phases.map((phase) => phase.name.length));
  const lines = [
    `${head.operation} ${head.status}`,
    verdict(head),
    ...(head.failure === undefined ? [] : [printable(head.failure)]),
    '',
    `Operation Id: ${printable(head.operationId)}`,
    `Source:       ${printable(source.path)}`,
    `              server ${printable(source.serverName)} (${printable(source.serverId)}), ${printable(source.dialect)}`,
    `Target:       ${printable(head.target.url)}`,
    `              ${printable(head.target.description)}`,
    `Engine:       ${printable(head.engine.name)} (${printable(head.engine.reason)})`,
    `Start Time:   ${printable(utcTime(head.startedAt))}`,
    `End Time:     ${printable(utcTime(head.endedAt))}`,
    `Duration:     ${durationWords(secondsBetween(head.startedAt, head.endedAt))}`,
    '',
    '- phases -',
    ...head.phases.map(({ name, seconds }) => `${printable(name).padEnd(width)}  ${shortDuration(seconds)}`),
    '',
    '- provisioning -',
    ...provisionedLines(provisioned),
    '',
    '- stats -',
    `Restored Items: ${totals.restored}`,
    `Skipped Items:  ${totals.skipped}`,
    `Unrestored Items: ${totals.unrestored}`,
    `Filtered Items: ${totals.filtered}`,
    ...(open === 0 ? [] : [`Not Handled Items: ${open}`]),
    `Source Items: ${totals.source}`,
    `Folders: ${totals.folders}`,
    `Tags: ${totals.tags}`,
    `Mountpoints: ${totals.mountpoints}`,
    `Restored Bytes: ${totals.bytes} (${byteSize(totals.bytes)})`,
  ];
  return `${lines.join('\n')}\n`;
}
