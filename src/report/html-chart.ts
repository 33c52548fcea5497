/** Pictures of the page, as inline SVG without style attributes (the page's policy forbids those). */
import { counted, durationWords, grouped, shortDuration } from './format';
import type { Counters, ProgressPoint } from './model';
import { unhandled } from './form';

const MOST_POINTS = 300;
const WIDTH = 1000;
const HEIGHT = 240;

/**
 * Items over time, with labels in HTML so that they keep their size on a phone. Empty without two points.
 * @param source how many items the source has; where more were handled, folders and tags were counted with them
 */
export function progressChart(progress: readonly ProgressPoint[], source = Infinity): string {
  const points = thinned(progress);
  const last = points.at(-1);
  const seconds = last?.seconds ?? 0;
  const items = Math.max(0, ...points.map((point) => point.items));
  if (last === undefined || points.length < 2 || seconds <= 0 || items <= 0) return '';
  const step = niceStep(items / 4);
  const steps = Math.ceil(items / step);
  const place = ({ seconds: s, items: n }: ProgressPoint) =>
    `${((s / seconds) * WIDTH).toFixed(1)} ${(HEIGHT - (n / (step * steps)) * HEIGHT).toFixed(1)}`;
  const line = points.map(place).join('L');
  const start = (((points[0]?.seconds ?? 0) / seconds) * WIDTH).toFixed(1);
  const levels = Array.from({ length: steps + 1 }, (_, i) => i);
  const grid = levels.map((i) => `M0 ${((HEIGHT / steps) * i).toFixed(1)}H${WIDTH}`).join('');
  const rate = last.items / seconds;
  const what = last.items > source ? 'items, folders and tags' : undefined;
  const title = `${counted(last.items, what ?? 'item', what)} in ${durationWords(seconds)}, ${rate < 10 ? rate.toFixed(1) : grouped(Math.round(rate))} a second on average`;
  const values = levels.map((i) => `<span>${grouped(step * (steps - i))}</span>`).join('');
  const times = [0, seconds / 2, seconds].map((s) => `<span>${shortDuration(s)}</span>`).join('');
  return (
    `<figure><div class="plot"><div class="ylabels" aria-hidden="true">${values}</div>` +
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${title}">` +
    `<path class="grid" d="${grid}"/><path class="area" d="M${start} ${HEIGHT}L${line}V${HEIGHT}Z"/>` +
    `<path class="line" d="M${line}"/></svg>` +
    `<div class="xlabels" aria-hidden="true">${times}</div></div><figcaption>${title}</figcaption></figure>`
  );
}

/** One bar that shows which share of the source was restored, skipped, filtered and not restored. */
export function shareBar(totals: Readonly<Counters>): string {
  const parts: [string, number][] = [
    ['restored', totals.restored],
    ['skipped', totals.skipped],
    ['filtered', totals.filtered],
    ['unrestored', totals.unrestored],
    ['open', Math.max(0, unhandled(totals))],
  ];
  const all = parts.reduce((sum, [, n]) => sum + n, 0);
  if (all === 0) return '';
  // A few unrestored items among millions must still be seen, hence the least width.
  const widths = parts.map(([name, n]) => [name, n === 0 ? 0 : Math.max(6, (n / all) * WIDTH)] as const);
  const scale = WIDTH / widths.reduce((sum, [, w]) => sum + w, 0);
  let x = 0;
  const bars = widths.map(([name, w]) => {
    const bar = `<rect class="${name}" x="${x.toFixed(1)}" y="0" width="${(w * scale).toFixed(1)}" height="10"/>`;
    x += w * scale;
    return w === 0 ? '' : bar;
  });
  return `<svg class="share" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">${bars.join('')}</svg>`;
}

/** A bar for one of several values. */
export function valueBar(value: number, largest: number): string {
  const width = largest <= 0 ? 0 : Math.max(2, (value / largest) * 100);
  return `<svg class="value" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="${width.toFixed(1)}" height="8"/></svg>`;
}

/** At most {@link MOST_POINTS} points, the last one always among them. */
function thinned(progress: readonly ProgressPoint[]): ProgressPoint[] {
  const every = Math.max(1, Math.ceil(progress.length / MOST_POINTS));
  return progress.filter((_, i) => i % every === 0 || i === progress.length - 1);
}

/** The smallest of 1, 2, 5, 10, 20, 50, … that is at least `wanted`. */
function niceStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, wanted)));
  return [1, 2, 5, 10].map((f) => f * power).find((step) => step >= wanted) ?? 10 * power;
}
