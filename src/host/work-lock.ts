/**
 * One operation at a time, machine-wide: a kernel lock that all processes of one operation share and no other gets.
 *
 * It dies with its processes, so it is never stolen from one that lives, not even from one that is stopped (SIGSTOP); a
 * second process of the *same* operation comes in beside it. Which operation that is stands in a record next to the lock.
 * The record alone says who has the turn while no process works for it: between two steps, or after a crash.
 */
import { closeSync } from 'node:fs';
import { processesWithOpen, lockOpenFile, openLockFile } from './file-lock';
import { LockRecord, type LockOwner } from './lock-record';
import { OneByOne } from './one-by-one';

/** What stands in the way: the owner on record (null: unknown) and the processes that have the lock open. */
export interface Obstacle {
  readonly owner: LockOwner | null;
  readonly pids: readonly number[];
}

/** Says whether an operation on record still has a right to the lock though no process of it holds it just now. */
export type IsAtWork = (owner: LockOwner) => Promise<boolean>;

/** Longer than the pause between two steps of an operation: nobody gets in between. */
const LINGER_MS = 2_000;

interface Held {
  readonly key: string;
  readonly fd: number;
  users: number;
  timer: NodeJS.Timeout | null;
}

const keyOf = ({ realm, operationId, firstRunId }: LockOwner): string =>
  JSON.stringify([realm, operationId, firstRunId]);

export const isSameOwner = (a: LockOwner, b: LockOwner): boolean => keyOf(a) === keyOf(b);

export class WorkLock {
  readonly record: LockRecord;
  private held: Held | null = null;
  private readonly calls = new OneByOne();

  /** @param file of the lock; made when it is missing, and never removed */
  constructor(private readonly file: string) {
    this.record = new LockRecord(`${file}.json`);
  }

  /**
   * Comes in for this owner and answers how to leave; null, at once, when something is in the way. Several may be in for one owner; after the last has
   * left, the lock lingers for two seconds, unless somebody of this process wants it for another.
   *
   * @throws Problem `StateUnavailable` when lock or record cannot be written
   */
  enter(owner: LockOwner, isAtWork: IsAtWork): Promise<(() => void) | null> {
    return this.calls.run(() => this.comeIn(owner, isAtWork));
  }

  private async comeIn(owner: LockOwner, isAtWork: IsAtWork): Promise<(() => void) | null> {
    const key = keyOf(owner);
    if (this.held?.key !== key) {
      if (this.held && this.held.users > 0) return null;
      this.drop();
      const fd = openLockFile(this.file);
      let entered = false;
      try {
        entered = await this.take(fd, owner, isAtWork);
      } finally {
        if (!entered) closeSync(fd);
      }
      if (!entered) return null;
      this.held = { key, fd, users: 0, timer: null };
    }
    const held = this.held;
    held.users++;
    if (held.timer) clearTimeout(held.timer);
    held.timer = null;
    return () => this.leave(held);
  }

  private async take(fd: number, owner: LockOwner, isAtWork: IsAtWork): Promise<boolean> {
    if (await lockOpenFile(fd, 'exclusive', 0)) {
      const before = this.record.read();
      if (before && !isSameOwner(before, owner) && (await isAtWork(before))) return false;
      this.record.write(owner);
      // not atomic: who comes in between makes this fail, and is found out by the next try
      return lockOpenFile(fd, 'shared', 0);
    }
    if (!(await lockOpenFile(fd, 'shared', 0))) return false;
    // only who is alone writes the record, so it is that of those who share
    const sharing = this.record.read();
    return sharing !== null && isSameOwner(sharing, owner);
  }

  private leave(held: Held): void {
    held.users--;
    if (held.users > 0 || this.held !== held) return;
    held.timer = setTimeout(() => this.held === held && held.users === 0 && this.drop(), LINGER_MS);
    held.timer.unref();
  }

  private drop(): void {
    if (this.held === null) return;
    if (this.held.timer) clearTimeout(this.held.timer);
    closeSync(this.held.fd);
    this.held = null;
  }

  /**
   * Runs `body` while nobody works, to decide who is next; null when somebody does. What it decides it writes into
   * the record.
   */
  async whenIdle<T>(body: () => Promise<T>): Promise<T | null> {
    return this.calls.run(async () => {
      if (this.held && this.held.users > 0) return null;
      this.drop();
      const fd = openLockFile(this.file);
      try {
        return (await lockOpenFile(fd, 'exclusive', 0)) ? await body() : null;
      } finally {
        closeSync(fd);
      }
    });
  }

  /** The owner is done: others need not ask whether it still works. */
  forget(owner: Pick<LockOwner, 'realm' | 'operationId' | 'firstRunId'>): Promise<void> {
    return this.calls.run(async () => {
      const found = this.record.read();
      if (found && isSameOwner(found, { ...found, ...owner })) this.record.clear();
      if (this.held && this.held.users === 0) this.drop();
    });
  }

  /** Who was in the way a moment ago. Walks over all processes of the machine. */
  obstacle(): Obstacle {
    const others = processesWithOpen(this.file).map(({ pid }) => pid);
    return { owner: this.record.read(), pids: this.held ? [process.pid, ...others] : others };
  }
}
