/** Shows progress on standard error: a bar on a terminal, plain lines elsewhere. */
import { SingleBar, type Options, type Params } from 'cli-progress';
import { grouped } from '../report/format';
import { say } from './output';
import { countsText, percentOf, phaseText, progressLine, Speed, speedText } from './progress-text';
import type { Snapshot } from './snapshot';

export interface Display {
  show(snapshot: Snapshot): void;
  /** A line that stays. */
  note(line: string): void;
  /** Takes the bar away, until the next `show`. */
  clear(): void;
}

export function createDisplay(terminal: boolean): Display {
  return terminal ? new BarDisplay() : new LineDisplay();
}

const LINE_EVERY_MS = 5000;

/** Numbers of one phase, for the speed. */
class Pace {
  private readonly speed = new Speed();
  private phase = '';

  perSecond({ phase, unit, done }: Snapshot): number | null {
    if (this.phase !== `${phase} ${unit}`) this.speed.reset();
    this.phase = `${phase} ${unit}`;
    this.speed.add(performance.now(), done);
    return this.speed.perSecond();
  }
}

/** A line at every change of phase or of what is waited for, else every five seconds. */
class LineDisplay implements Display {
  private readonly pace = new Pace();
  private last = '';
  private lastAt = -Infinity;

  show(snapshot: Snapshot): void {
    const perSecond = this.pace.perSecond(snapshot);
    const kind = `${phaseText(snapshot)} ${snapshot.waiting ?? ''}`;
    const now = performance.now();
    if (kind === this.last && now - this.lastAt < LINE_EVERY_MS) return;
    this.last = kind;
    this.lastAt = now;
    say(progressLine(snapshot, perSecond));
  }

  note(line: string): void {
    say(line);
  }

  clear(): void {
    // lines stay
  }
}

interface Payload {
  snapshot: Snapshot;
  perSecond: number | null;
}

/** The widest that fits is used. */
const BAR_WIDTHS = [20, 10, 0];

class BarDisplay implements Display {
  private readonly pace = new Pace();
  private bar: SingleBar | null = null;

  show(snapshot: Snapshot): void {
    const payload: Payload = { snapshot, perSecond: this.pace.perSecond(snapshot) };
    if (!this.bar) {
      this.bar = new SingleBar({
        format: render,
        stream: process.stderr,
        clearOnComplete: true,
        // we decide what a signal does
        gracefulExit: false,
        // what a killed command would leave switched off
        hideCursor: false,
        linewrap: true,
      });
      this.bar.start(1, 0, payload);
    }
    this.bar.update(0, payload);
  }

  note(line: string): void {
    this.clear();
    say(line);
  }

  clear(): void {
    this.bar?.stop();
    this.bar = null;
  }
}

function render(_options: Options, _params: Params, { snapshot, perSecond }: Payload): string {
  const width = (process.stderr.columns || 80) - 1;
  const percent = percentOf(snapshot);
  if (percent === null || snapshot.waiting !== null) return progressLine(snapshot, perSecond).slice(0, width);
  const lines = BAR_WIDTHS.map((barWidth) => barLine(snapshot, percent, perSecond, barWidth));
  return lines.find((line) => line.length <= width) ?? (lines.at(-1) ?? '').slice(0, width);
}

function barLine(snapshot: Snapshot, percent: number, perSecond: number | null, barWidth: number): string {
  const full = Math.round((percent * barWidth) / 100);
  const bar = barWidth === 0 ? '' : `[${'='.repeat(full)}${' '.repeat(barWidth - full)}] `;
  const amount = `${grouped(snapshot.done)}/${grouped(snapshot.total)}`;
  const parts = [
    `${phaseText(snapshot)} ${bar}${percent} % ${amount}`,
    snapshot.note ?? speedText(snapshot, perSecond),
    countsText(snapshot),
  ];
  return parts.filter((part) => part !== '').join('  ');
}
