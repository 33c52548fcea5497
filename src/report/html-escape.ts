/** Foreign text in HTML. */
import { printable } from './format';

/** Longest foreign text shown in the page, characters; report.json has the whole. */
const LONGEST = 1_000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Foreign text, safe as content and inside a quoted attribute, on one line. */
export function html(text: string): string {
  return printable(text).replace(/[&<>"']/g, (c) => ENTITIES[c] ?? '');
}

/** The beginning of a text that is too long for a page. */
export function clip(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
