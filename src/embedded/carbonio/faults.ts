/**
 * Bad days on demand: `faults.json` in the folder of the stand-in, a list that is read whenever something could go
 * wrong, so it can be changed while the daemon runs. All synthetic: which of them a real server has is not known.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJson, writeJson } from './settings';

interface Pause {
  readonly milliseconds: number;
  /** Ends sooner once this file is there. */
  readonly until?: string;
}

/** Points of an operation: before its work, after PHASE 1, while items are restored, before its end is told. */
export type Point = 'start' | 'phase1' | 'items' | 'end';

interface Often {
  /** How often it happens; without it, every time. */
  readonly times?: number;
}
type OfOperation = Often & {
  /** Name of the operation (`ExternalRestore`, `SmartScan`, …); without it, any. */
  readonly operation?: string;
  readonly at: Point;
};
type OfCommand = Often & {
  /**
   * Module and command, as `backup getAllOperations`; `slow` also `zmlocalconfig` and an option, and `lmtp data`. Without
   * it, any. Case does not matter.
   */
  readonly command?: string;
};

export type Fault =
  /** The daemon ends at once, as by SIGKILL. */
  | (OfOperation & { readonly kind: 'crash' })
  /** The operation is gone: not in the queue, not in the log, no notification. */
  | (OfOperation & { readonly kind: 'vanish' })
  /** The operation stays at this point for so long, or until it is stopped. */
  | (OfOperation & Pause & { readonly kind: 'hold' })
  /** The command prints this; without a text, the first half of what it would print. */
  | (OfCommand & { readonly kind: 'garble'; readonly text?: string })
  | (OfCommand & Pause & { readonly kind: 'slow' })
  /** The command does its work and ends with this code. */
  | (OfCommand & { readonly kind: 'exit'; readonly code: number })
  | (Often & { readonly kind: 'reload-fails' })
  /** Of a SOAP request, as `AddMsg`; without a name, or an address, of any. */
  | (Often & {
      readonly kind: 'soap';
      readonly request?: string;
      readonly account?: string;
      /** Before the request is done, or after it, before the answer. */
      readonly at: 'before' | 'after';
      /** A fault with `code`; the end of the daemon, or of the connection; an answer that is no JSON. */
      readonly does: 'fault' | 'crash' | 'cut' | 'garble';
      readonly code?: string;
    })
  /** A stop is answered, shows as Stopping, and the operation goes on. */
  | (Often & { readonly kind: 'stop-ignored' });

const LOOK_EVERY_MS = 30;

export class Faults {
  constructor(private readonly file: string) {}

  /** The first that fits, one time less of it left. */
  take<K extends Fault['kind']>(
    kind: K,
    fits: (fault: Extract<Fault, { kind: K }>) => boolean = () => true,
  ): Extract<Fault, { kind: K }> | null {
    const all = readJson<Fault[]>(this.file, []);
    const is = (fault: Fault): fault is Extract<Fault, { kind: K }> => fault.kind === kind;
    const found = all.findIndex((fault) => is(fault) && fault.times !== 0 && fits(fault));
    const fault = all[found];
    if (fault === undefined || !is(fault)) return null;
    // written before it happens: a crash must not come again after the restart
    if (fault.times !== undefined) {
      writeJson(
        this.file,
        all.map((entry, at) => (at === found ? { ...entry, times: (fault.times ?? 0) - 1 } : entry)),
      );
    }
    return fault;
  }

  /** Of a command that was called as `name`. */
  ofCommand<K extends 'garble' | 'slow' | 'exit'>(kind: K, name: string): Extract<Fault, { kind: K }> | null {
    const wanted = name.toLowerCase();
    return this.take(kind, (fault) => {
      const { command } = fault as OfCommand;
      return command === undefined || command.toLowerCase() === wanted;
    });
  }

  crashAt(operation: string, point: Point): void {
    if (this.ofOperation('crash', operation, point) !== null) process.kill(process.pid, 'SIGKILL');
  }

  /** @returns whether the operation vanishes here */
  async reach(operation: string, point: Point, signal: AbortSignal): Promise<boolean> {
    const hold = this.ofOperation('hold', operation, point);
    if (hold !== null) await waitOut(hold, signal);
    this.crashAt(operation, point);
    return this.ofOperation('vanish', operation, point) !== null;
  }

  /** Comes back when what makes a command late is over. */
  async late(name: string): Promise<void> {
    const slow = this.ofCommand('slow', name);
    if (slow !== null) await waitOut(slow);
  }

  private ofOperation<K extends 'crash' | 'vanish' | 'hold'>(
    kind: K,
    operation: string,
    point: Point,
  ): Extract<Fault, { kind: K }> | null {
    return this.take(kind, (fault) => {
      const of = fault as OfOperation;
      return of.at === point && (of.operation === undefined || of.operation === operation);
    });
  }
}

async function waitOut({ milliseconds, until }: Pause, signal?: AbortSignal): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end && !signal?.aborted;) {
    if (until !== undefined && existsSync(until)) return;
    const pause = Math.min(end - Date.now(), until === undefined ? milliseconds : LOOK_EVERY_MS);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}
