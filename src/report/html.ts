/** The report as one HTML page: self-contained, readable without scripts, limited in size. */
import { byteSize, counted, grouped } from './format';
import { mismatch, type ReportForm, type Seen, shownHead } from './form';
import { clip, html } from './html-escape';
import { pageBottom, pageTop } from './html-page';
import type { RemedyCounts } from './html-classes';
import { type AccountReport, CLASS_NAMES, type Finding, type Note, type ReportHead } from './model';
import { remedyNameOf } from './remedies';
import type { Sink, Workspace } from './sink';

/** What the page shows at most; the rest is only in report.json. A phone still opens such a page. */
export const HTML_LIMITS = { accounts: 5_000, findings: 20_000, notes: 5_000 } as const;

/**
 * `report.html`. The rows of the table are collected in a side file, because what stands above them (is the
 * list complete?) is known only after the last account.
 */
export class HtmlForm implements ReportForm {
  private readonly head: ReportHead;
  private readonly shown: Seen = { accounts: 0, findings: 0, notes: 0 };
  private readonly remedies: RemedyCounts = new Map();
  /** The account whose rows are being written; null beyond the limit. */
  private account: AccountReport | null = null;
  /** The list of this account that is open in the page. */
  private list: 'findings' | 'notes' | null = null;
  /** Entries of the open list that are not shown. */
  private omitted = 0;

  private constructor(
    private readonly workspace: Workspace,
    head: ReportHead,
    readonly sink: Sink,
    private readonly rows: Sink,
  ) {
    this.head = shownHead(head);
  }

  static async open(workspace: Workspace, head: ReportHead): Promise<HtmlForm> {
    return new HtmlForm(workspace, head, await workspace.sink(), await workspace.sink());
  }

  begin(account: AccountReport, label: string): void {
    this.account = this.shown.accounts < HTML_LIMITS.accounts ? account : null;
    if (this.account === null) return;
    this.shown.accounts += 1;
    const { restored, skipped, filtered, unrestored, bytes } = account.counters;
    const leftOut =
      account.excluded === undefined ? '' : `<small>left out: ${html(clip(account.excluded))}</small>`;
    const cells = [restored, skipped, filtered].map((n) => cell(n, grouped(n)));
    this.rows.append(
      `<tbody><tr><th scope="row"><bdi>${html(clip(label))}</bdi>${leftOut}</th>${cells.join('')}` +
        `${cell(unrestored, grouped(unrestored), 'bad')}${cell(bytes, byteSize(bytes))}</tr>\n`,
    );
  }

  finding(finding: Finding): void {
    const { item, class: itemClass, reason, savedAs } = finding;
    const remedy = remedyNameOf(finding);
    const known = this.remedies.get(remedy);
    this.remedies.set(remedy, { class: itemClass, count: (known?.count ?? 0) + 1 });
    const unrestored = this.account?.counters.unrestored ?? 0;
    this.entry('findings', counted(unrestored, 'unrestored item'), () => {
      const tag = `<i class="tag ${itemClass}">${CLASS_NAMES[itemClass]}</i>`;
      const help = ` <a href="#do-${remedy}">what to do</a>`;
      return `<b>${html(String(item))}</b> ${tag} <span>${html(clip(reason))}${help}${savedLink(savedAs)}</span>`;
    });
  }

  note({ item, text }: Note): void {
    // 0 is no item: the note is of the account
    const id = item === 0 ? '' : String(item);
    this.entry('notes', 'Notes', () => `<b>${html(id)}</b> <span>${html(clip(text))}</span>`);
  }

  end(): void {
    if (this.account === null) return;
    this.closeList();
    this.rows.append('</tbody>\n');
  }

  async finish(seen: Seen): Promise<void> {
    const warnings = [mismatch(this.head, seen), partOf(this.shown, seen)].filter((w) => w !== null);
    this.sink.append(pageTop(this.head, seen.accounts, warnings, this.remedies));
    await this.workspace.join(this.sink, this.rows);
    this.sink.append(pageBottom(this.head, seen.accounts));
  }

  private entry(list: 'findings' | 'notes', title: string, content: () => string): void {
    if (this.account === null) return;
    if (this.shown[list] >= HTML_LIMITS[list]) {
      this.omitted += 1;
      return;
    }
    if (this.list !== list) {
      this.closeList();
      this.list = list;
      this.rows.append(
        `<tr class="more"><td colspan="6"><details><summary>${title}</summary><ul class="entries">\n`,
      );
    }
    this.shown[list] += 1;
    this.rows.append(`<li>${content()}</li>\n`);
  }

  private closeList(): void {
    if (this.list !== null) {
      if (this.omitted > 0) {
        this.rows.append(`<li><span>… and ${grouped(this.omitted)} more in report.json</span></li>\n`);
      }
      this.rows.append('</ul></details></td></tr>');
    }
    this.list = null;
    this.omitted = 0;
  }
}

function cell(value: number, text: string, whenPositive = ''): string {
  const tone = value === 0 ? 'zero' : whenPositive;
  return `<td data-v="${value}"${tone === '' ? '' : ` class="${tone}"`}>${text}</td>`;
}

/** A link to a file beside the report; only a name for what is not plainly below its folder. */
function savedLink(savedAs: string | undefined): string {
  if (savedAs === undefined) return '';
  const segments = savedAs.split('/');
  // Lone surrogates (Cs) cannot be encoded.
  if (/\p{Cs}/u.test(savedAs) || segments.some((s) => s === '' || s === '.' || s === '..')) {
    return ` · saved as ${html(clip(savedAs))}`;
  }
  const href = `./${segments.map(encodeURIComponent).join('/')}`;
  return ` · <a href="${html(href)}">saved copy</a>`;
}

function partOf(shown: Seen, seen: Seen): string | null {
  const parts = (['accounts', 'findings', 'notes'] as const)
    .filter((what) => shown[what] < seen[what])
    .map((what) => {
      const name = what === 'findings' ? 'unrestored items' : what;
      return `${grouped(shown[what])} of ${grouped(seen[what])} ${name}`;
    });
  return parts.length === 0
    ? null
    : `This page shows the first ${parts.join(', ')}. All of them are in report.json beside it.`;
}
