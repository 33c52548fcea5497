/** The classes of unrestored items in the page: how many, what to do, and a choice of one. */
import { counted, grouped } from './format';
import { html } from './html-escape';
import { CLASS_NAMES, ITEM_CLASSES, type ItemClass, type ReportHead } from './model';
import { REMEDIES, REMEDY_NAMES, type RemedyName } from './remedies';

/** What was found, by what can be done about it. */
export type RemedyCounts = Map<RemedyName, { class: ItemClass; count: number }>;

const occurring = (head: ReportHead): ItemClass[] =>
  ITEM_CLASSES.filter((name) => head.unrestoredByClass[name] > 0);

export function classesSection(head: ReportHead, remedies: RemedyCounts): string {
  const rows = occurring(head).map(
    (name) =>
      `<li><span class="count">${grouped(head.unrestoredByClass[name])}</span>` +
      `<div><b>${CLASS_NAMES[name]}</b>${remediesOf(name, remedies)}</div></li>`,
  );
  if (rows.length === 0) return '';
  return `<section><h2>What was not restored, and what to do</h2>
<ul class="classes">${rows.join('\n')}</ul>
<p class="hint">Which items, and why each of them: below, in the accounts.</p></section>`;
}

function remediesOf(name: ItemClass, remedies: RemedyCounts): string {
  return REMEDY_NAMES.map((remedy) => {
    const found = remedies.get(remedy);
    if (found?.class !== name) return '';
    return `<p id="do-${remedy}">${html(REMEDIES[remedy])} <small>${counted(found.count, 'item')}</small></p>`;
  }).join('');
}

/** For choosing the accounts with items of one class. */
export function classOptions(head: ReportHead): string {
  const options = occurring(head).map((name) => `<option value="${name}">${CLASS_NAMES[name]}</option>`);
  if (options.length < 2) return '';
  return `<label>class <select id="class"><option value="">any</option>${options.join('')}</select></label>`;
}
