/** What surrounds the table of accounts in the page. */
import { createHash } from 'node:crypto';
import { byteSize, counted, durationWords, grouped, secondsBetween, shortDuration, utcTime } from './format';
import { unhandled } from './form';
import { progressChart, shareBar, valueBar } from './html-chart';
import { classesSection, classOptions, type RemedyCounts } from './html-classes';
import { clip, html } from './html-escape';
import { SCRIPT } from './html-script';
import { STYLE } from './html-style';
import type { ReportHead } from './model';
import { verdict } from './summary';

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Only our own style and script, by their hashes: nothing that a name smuggles in can run or load. */
const POLICY = `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'`;

/** Everything up to the first row of the table. */
export function pageTop(
  head: ReportHead,
  accounts: number,
  warnings: readonly string[],
  remedies: RemedyCounts,
): string {
  const title = `${head.operation} ${head.status}`;
  const failure = head.failure === undefined ? '' : `<p class="failure">${html(head.failure)}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${html(title)}: ${html(clip(head.source.path))}</title>
<style>${STYLE}</style>
</head>
<body>
<header class="${head.status}">
<p class="kind">${html(head.operation)}</p>
<h1>${html(STATUS_TITLES[head.status])}</h1>
<p>${html(verdict(head))}</p>
${failure}
</header>
<main>
${warnings.map((warning) => `<p class="warning" role="status">${html(warning)}</p>`).join('\n')}
${totalsSection(head, accounts)}
${classesSection(head, remedies)}
${aboutSection(head)}
${courseSection(head)}
<section>
<div class="tabletop"><h2>Accounts</h2><div class="tools" id="tools" hidden>
<input type="search" id="filter" placeholder="Filter by name" aria-label="Filter accounts by name" autocomplete="off" spellcheck="false">
<label><input type="checkbox" id="onlybad"> only with unrestored items</label>
${classOptions(head)}
</div></div>
<p class="hint" id="matches" role="status" hidden></p>
<table id="accounts">
<thead><tr><th scope="col">Account</th><th scope="col">Restored</th><th scope="col">Skipped</th><th scope="col">Filtered</th><th scope="col">Unrestored</th><th scope="col">Size</th></tr></thead>
`;
}

/** Everything after the last row. */
export function pageBottom(head: ReportHead, accounts: number): string {
  const notes = head.notes.map((note) => `<li>${html(clip(note))}</li>`).join('\n');
  const mails = head.notifications.map(({ event, to, outcome }) => {
    const whom = to.length === 0 ? '' : ` <small>${html(clip(to.join(', ')))}</small>`;
    return `<li><b>${html(event)}</b>: ${html(clip(outcome))}${whom}</li>`;
  });
  return `</table>
${accounts === 0 ? '<p class="hint">No account was handled.</p>' : ''}
</section>
${notes === '' ? '' : `<section><h2>Notes</h2><ul class="plain">\n${notes}\n</ul></section>`}
${mails.length === 0 ? '' : `<section><h2>Notifications</h2><ul class="plain">\n${mails.join('\n')}\n</ul></section>`}
</main>
<footer>Operation <code>${html(head.operationId)}</code> · the same in full: report.json, report.txt</footer>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

const STATUS_TITLES: Record<ReportHead['status'], string> = {
  completed: 'Completed',
  partial: 'Completed in part',
  cancelled: 'Cancelled',
  failed: 'Failed',
};

function totalsSection({ totals }: ReportHead, accounts: number): string {
  const open = unhandled(totals);
  const tiles: [string, number, string, string][] = [
    ['restored', totals.restored, 'Restored', byteSize(totals.bytes)],
    ['skipped', totals.skipped, 'Skipped', 'were in the target'],
    ['filtered', totals.filtered, 'Filtered', 'left out as asked'],
    ['unrestored', totals.unrestored, 'Unrestored', totals.unrestored === 0 ? 'none' : 'see below'],
  ];
  if (open !== 0) tiles.push(['open', open, 'Not handled', 'the operation ended early']);
  const rendered = tiles.map(
    ([name, n, label, hint]) =>
      `<div class="tile ${name}${n === 0 ? ' none' : ''}"><dt>${label}</dt><dd>${grouped(n)}<small>${hint}</small></dd></div>`,
  );
  const rest = [
    counted(totals.folders, 'folder'),
    counted(totals.tags, 'tag'),
    counted(totals.mountpoints, 'mountpoint'),
  ];
  return `<section aria-label="Totals">
<dl class="tiles">${rendered.join('\n')}</dl>
${shareBar(totals)}
<p class="hint">${counted(totals.source, 'item')} in the source, in ${counted(accounts, 'account')}; besides ${rest.join(', ')}.</p>
</section>`;
}

function createdRow(provisioned: ReportHead['provisioned']): [string, string, string] {
  if (provisioned === null) return ['Created', 'by the mail host', 'which tells no numbers'];
  const created = [
    counted(provisioned.accounts, 'account'),
    counted(provisioned.domains, 'domain'),
    counted(provisioned.coses, 'class of service', 'classes of service'),
    counted(provisioned.lists, 'distribution list'),
    counted(provisioned.aliases, 'alias', 'aliases'),
  ];
  return ['Created', created.join(', '), `${grouped(provisioned.existing)} already there, left unchanged`];
}

function aboutSection(head: ReportHead): string {
  const { source, target, engine, provisioned } = head;
  const rows: [string, string, string][] = [
    ['Source', source.path, `${source.serverName} (${source.serverId}), ${source.dialect}`],
    ['Target', target.description, target.url],
    ['Engine', engine.name, engine.reason],
    createdRow(provisioned),
    [
      'Time',
      durationWords(secondsBetween(head.startedAt, head.endedAt)),
      `${utcTime(head.startedAt)} to ${utcTime(head.endedAt)}`,
    ],
  ];
  const rendered = rows.map(
    ([name, value, detail]) =>
      `<div><dt>${name}</dt><dd>${html(clip(value))}<small>${html(clip(detail))}</small></dd></div>`,
  );
  return `<section><h2>About</h2><dl class="about">${rendered.join('\n')}</dl></section>`;
}

function courseSection({ progress, phases, totals }: ReportHead): string {
  const longest = Math.max(0, ...phases.map((phase) => phase.seconds));
  const rows = phases.map(
    ({ name, seconds }) =>
      `<li><span>${html(name)}</span>${valueBar(seconds, longest)}<span class="number">${shortDuration(seconds)}</span></li>`,
  );
  const chart = progressChart(progress, totals.source);
  if (rows.length === 0 && chart === '') return '';
  return `<section class="course">
${chart === '' ? '' : `<div><h2>Items over time</h2>${chart}</div>`}
${rows.length === 0 ? '' : `<div><h2>Phases</h2><ul class="phases">${rows.join('\n')}</ul></div>`}
</section>`;
}
