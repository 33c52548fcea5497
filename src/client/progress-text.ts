/** Progress in words, for a terminal and for a log alike. */
import { grouped, printable, shortDuration } from '../report/format';
import type { Snapshot } from './snapshot';

const WINDOW_MS = 15_000;
const SHORTEST_MS = 1000;

/** Speed over the last 15 seconds. */
export class Speed {
  private samples: { at: number; done: number }[] = [];

  /** @param at milliseconds of a clock that never goes back */
  add(at: number, done: number): void {
    const last = this.samples.at(-1);
    // another phase, or a step that was started anew
    if (last && done < last.done) this.samples = [];
    this.samples.push({ at, done });
    while (this.samples.length > 2 && at - (this.samples[0]?.at ?? at) > WINDOW_MS) this.samples.shift();
  }

  /** Units a second; null before there is anything to tell. */
  perSecond(): number | null {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (!first || !last || last.at - first.at < SHORTEST_MS || last.done === first.done) return null;
    return ((last.done - first.done) * 1000) / (last.at - first.at);
  }

  reset(): void {
    this.samples = [];
  }
}

/** Rounded down, so that 100 means all; null while the whole is not known. */
export function percentOf({ done, total }: Snapshot): number | null {
  return total > 0 ? Math.min(100, Math.floor((100 * done) / total)) : null;
}

/** `1,300 restored, 47 skipped, 3 unrestored`; what did not occur is left out. */
export function countsText({ counts }: Snapshot): string {
  if (!counts) return '';
  const { restored, skipped, filtered, unrestored } = counts;
  const others = Object.entries({ skipped, filtered, unrestored }).filter(([, count]) => count > 0);
  return [['restored', restored] as const, ...others].map(([what, n]) => `${grouped(n)} ${what}`).join(', ');
}

/** `210/s, 8 s left` */
export function speedText({ done, total }: Snapshot, perSecond: number | null): string {
  if (perSecond === null) return '';
  const rate = `${grouped(Math.round(perSecond * (perSecond < 10 ? 10 : 1)) / (perSecond < 10 ? 10 : 1))}/s`;
  const left = (total - done) / perSecond;
  return left > 0 && total > 0 ? `${rate}, ${shortDuration(Math.ceil(left))} left` : rate;
}

export function phaseText({ phase, cancelling }: Snapshot): string {
  return cancelling ? `cancelling (${phase})` : phase;
}

/** Everything in one line. */
export function progressLine(snapshot: Snapshot, perSecond: number | null): string {
  const { phase, done, total, unit, waiting, note } = snapshot;
  const percent = percentOf(snapshot);
  const amount =
    percent === null
      ? done > 0
        ? `${grouped(done)} ${unit}`
        : ''
      : `${grouped(done)} of ${grouped(total)}${unit === phase ? '' : ` ${unit}`} (${percent} %)`;
  // a step that tells its own speed knows more of it
  const speed = note ?? speedText(snapshot, perSecond);
  const parts = waiting === null ? [amount, countsText(snapshot), speed] : [amount];
  if (waiting !== null) parts.push(`waiting: ${printable(waiting)}`);
  const text = parts.filter((part) => part !== '').join('; ');
  return text === '' ? phaseText(snapshot) : `${phaseText(snapshot)}: ${text}`;
}
