/**
 * The queue of operations: an unprioritised FIFO, one line for restores, exports and scans, another for purges. After a
 * crash what ran is Interrupted, with a notification, and what waited is lost (synthetic: a real host was not tried).
 */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Faults } from '../faults';
import type { Level, Notifications } from '../notifications';
import { readJson, writeJson } from '../settings';
import { Vanished, type Operation, type Outcome, type Result, type Work, type WorkContext } from './model';

interface Entry {
  operation: Operation;
  readonly work: Work;
  readonly abort: AbortController;
}
interface Saved {
  readonly live: readonly Operation[];
  readonly log: readonly Operation[];
}

const ENDS: Record<Result, { level: Level; what: string }> = {
  Successful: { level: 'Information', what: 'completed' },
  Failed: { level: 'Error', what: 'failed' },
  Stopped: { level: 'Information', what: 'stopped' },
  Removed: { level: 'Information', what: 'removed from queue' },
  Interrupted: { level: 'Error', what: 'interrupted' },
};

export class OperationQueue {
  private entries: Entry[] = [];
  private ended: Operation[];
  private readonly changed = new EventEmitter().setMaxListeners(0);

  constructor(
    private readonly file: string,
    private readonly faults: Faults,
    private readonly notifications: Notifications,
    private readonly onFailure: (operation: Operation, error: unknown) => void,
  ) {
    const { live, log } = readJson<Saved>(file, { live: [], log: [] });
    this.ended = [...log];
    for (const operation of live) {
      if (operation.startTime === null) continue;
      const interrupted: Operation = { ...operation, state: 'Interrupted', endTime: Date.now() };
      this.ended.push(interrupted);
      notifications.issue(interrupted, 'Error', 'interrupted');
    }
    this.save();
  }

  /** What runs and what waits, in order. */
  live(): readonly Operation[] {
    return this.entries.map(({ operation }) => operation);
  }

  /** What ended, oldest first. */
  log(): readonly Operation[] {
    return this.ended;
  }

  find(id: string): Operation | undefined {
    return [...this.live(), ...this.ended].find((operation) => operation.id === id);
  }

  add(work: Work): Operation {
    const { name, descName, parameters } = work;
    const operation: Operation = {
      ...{ id: randomUUID(), name, descName, parameters, queuedTime: Date.now(), startTime: null },
      ...{ endTime: null, state: 'Queued', stats: [] },
    };
    this.entries.push({ operation, work, abort: new AbortController() });
    this.save();
    this.next();
    return operation;
  }

  /** @returns false when there is no such operation in the queue */
  stop(id: string): boolean {
    const entry = this.entries.find(({ operation }) => operation.id === id);
    if (entry === undefined) return false;
    if (entry.operation.state === 'Queued') {
      this.end(entry, 'Removed');
      return true;
    }
    this.change(entry, { state: 'Stopping' });
    if (this.faults.take('stop-ignored') === null) entry.abort.abort();
    return true;
  }

  /** What waits goes first, so that none of it starts meanwhile. */
  stopAll(): void {
    for (const id of [...this.live()].reverse().map((operation) => operation.id)) this.stop(id);
  }

  /** Resolves at the next change of anything. */
  async nextChange(): Promise<void> {
    await once(this.changed, 'change');
  }

  /** @returns the ended operation, or undefined when it vanished */
  async waitFor(id: string): Promise<Operation | undefined> {
    while (this.live().some((operation) => operation.id === id)) await this.nextChange();
    return this.ended.find((operation) => operation.id === id);
  }

  private next(): void {
    for (const line of ['backup', 'purge'] as const) {
      const first = this.entries.find(({ work }) => work.line === line);
      if (first?.operation.state === 'Queued') void this.run(first);
    }
  }

  private async run(entry: Entry): Promise<void> {
    this.change(entry, { state: 'Started', startTime: Date.now() });
    this.notifications.issue(entry.operation, 'Information', 'started');
    try {
      const context = this.contextOf(entry);
      await this.reach(entry, 'start');
      const outcome = entry.abort.signal.aborted ? { stats: [] } : await entry.work.run(context);
      await this.reach(entry, 'end');
      this.end(entry, entry.abort.signal.aborted ? 'Stopped' : 'Successful', outcome);
    } catch (error) {
      if (error instanceof Vanished) this.drop(entry);
      else {
        this.onFailure(entry.operation, error);
        const why = error instanceof Error ? error.message : String(error);
        this.end(entry, entry.abort.signal.aborted ? 'Stopped' : 'Failed', { stats: [['error', why]] });
      }
    }
  }

  private contextOf(entry: Entry): WorkContext {
    return {
      operation: entry.operation,
      signal: entry.abort.signal,
      progress: (stats) => this.change(entry, { stats }),
      reach: (point) => this.reach(entry, point),
      passing: (point) => this.faults.crashAt(entry.operation.name, point),
      notify: (what, stats) => this.notifications.issue(entry.operation, 'Information', what, { stats }),
    };
  }

  private async reach({ operation, abort }: Entry, point: 'start' | 'phase1' | 'items' | 'end') {
    if (await this.faults.reach(operation.name, point, abort.signal)) throw new Vanished();
  }

  private end(entry: Entry, result: Result, outcome?: Outcome): void {
    const stats = outcome?.stats ?? entry.operation.stats;
    this.change(entry, { state: result, endTime: Date.now(), stats });
    const { level, what } = ENDS[result];
    this.notifications.issue(entry.operation, level, what, outcome);
    this.ended.push(entry.operation);
    this.drop(entry);
  }

  private drop(entry: Entry): void {
    this.entries = this.entries.filter((one) => one !== entry);
    this.save();
    this.changed.emit('change');
    this.next();
  }

  private change(entry: Entry, change: Partial<Operation>): void {
    entry.operation = { ...entry.operation, ...change };
    this.save();
    this.changed.emit('change');
  }

  private save(): void {
    writeJson(this.file, { live: this.live(), log: this.ended } satisfies Saved);
  }
}
