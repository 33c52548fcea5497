/** How far a running operation of the mail host is, by what it tells. */
import type { ProgressBlock } from '../carbonio/parse/monitor';
import type { HostPlan, HostStep } from './plan';

/** What is to be restored of its accounts; null: their metadata is not known to us. */
export function itemsOf(
  plan: Pick<HostPlan, 'accounts'>,
  step: Pick<HostStep, 'accounts'> | null,
): number | null {
  let items = 0;
  for (const at of step?.accounts ?? []) {
    const counters = plan.accounts[at]?.counters ?? null;
    if (counters === null) return null;
    items += counters.source - counters.filtered;
  }
  return items;
}

/**
 * Of a running operation: the labels of an External Restore are not documented (U), so the largest `done/total` counts.
 * What the host counts is not known either (it may count every file), so of `items` it is the same part.
 */
export function itemsIn(progress: ProgressBlock | null, items: number | null): number {
  const pairs = Object.entries(progress ?? {}).filter(
    ([label, values]) => /item/i.test(label) && values.length === 2,
  );
  const [done = 0, total = 0] = pairs
    .map(([, values]) => values.map(Number))
    .filter((pair) => pair.every(Number.isFinite))
    .reduce((most, pair) => ((pair[0] ?? 0) > (most[0] ?? 0) ? pair : most), [0, 0]);
  return items === null || total === 0 ? done : Math.round(Math.min(1, done / total) * items);
}

/** In a few words, for people. */
export function shownOf(what: string, progress: ProgressBlock | null): string {
  const shown = Object.entries(progress ?? {}).map(([label, values]) => `${label} ${values.join('/')}`);
  return [what, ...shown.slice(0, 10)]
    .join('; ')
    .replace(/[`\p{Cc}]/gu, ' ')
    .slice(0, 600);
}
