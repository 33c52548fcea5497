/**
 * Signals that ask a command to end, kept until somebody looks at them, so that none is lost while the command is
 * starting or waiting for an answer.
 */
import { EXIT } from './exit-codes';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type Interrupt = (typeof SIGNALS)[number];

export class Interrupts {
  private readonly waiting: Interrupt[] = [];
  private wake: ((signal: Interrupt | null) => void) | null = null;
  private impatient = false;
  private readonly listener = (signal: NodeJS.Signals): void => this.arrived(signal as Interrupt);

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.listener);
  }

  /**
   * The oldest signal that nobody has taken yet, or null when none comes within `ms`. One caller at a time.
   *
   * @param ms Infinity: for as long as it takes; this alone does not keep the process alive.
   */
  async next(ms: number): Promise<Interrupt | null> {
    const early = this.waiting.shift();
    if (early !== undefined) return early;
    return new Promise((resolve) => {
      const timer = ms === Infinity ? undefined : setTimeout(() => this.wake?.(null), ms);
      this.wake = (signal) => {
        clearTimeout(timer);
        this.wake = null;
        resolve(signal);
      };
    });
  }

  /** Ends a `next` that nobody waits for any more, so that it takes no later signal. */
  release(): void {
    this.wake?.(null);
  }

  /** From here on the command is ending: one more signal ends it at once. */
  endAtOnceOnNext(): void {
    this.impatient = true;
  }

  dispose(): void {
    for (const signal of SIGNALS) process.off(signal, this.listener);
  }

  private arrived(signal: Interrupt): void {
    if (this.impatient) process.exit(EXIT.interrupted);
    if (this.wake) this.wake(signal);
    else this.waiting.push(signal);
  }
}
