/**
 * What is known of one account in one target: which items are there, which are in doubt.
 *
 * Bound to an *epoch*: every attempt takes a new one, and each write happens in a transaction that finds the epoch
 * still current. An attempt that was overtaken (reset, lost heartbeat, SIGSTOP) can therefore write nothing more.
 */
import { Problem } from '../failures';
import { transaction, type LedgerDatabases } from './env';
import { accountKey, itemKey, itemOf, textKey, within } from './keys';
import type { AccountRow, Doubt, Intent } from './model';

/** Present in the target without our doing. */
export const FOUND = 0;

export class AccountLedger {
  private constructor(
    private readonly db: LedgerDatabases,
    private readonly scope: number,
    private readonly account: number,
    readonly epoch: number,
  ) {}

  /** The row as it was when this attempt was the latest: asked before every message, so it is not decoded each time. */
  private currentRow: Buffer = Buffer.alloc(0);

  /** Takes over the account: every earlier attempt is stale from here on. */
  static take(db: LedgerDatabases, scope: number, account: number): AccountLedger {
    return transaction(db, () => {
      const key = accountKey(scope, account);
      const row = (db.accounts.get(key) as AccountRow | undefined) ?? { epoch: 0, enumerated: false };
      db.accounts.putSync(key, { ...row, epoch: row.epoch + 1 });
      return new AccountLedger(db, scope, account, row.epoch + 1);
    });
  }

  private row(): AccountRow {
    return this.db.accounts.get(accountKey(this.scope, this.account)) as AccountRow;
  }

  /** @throws Problem `StaleAttempt` */
  assertCurrent(): void {
    // a read outside a transaction may be served from a snapshot of this tick
    this.db.root.resetReadTxn();
    this.check();
  }

  private check(): void {
    const bytes = this.db.accounts.getBinary(accountKey(this.scope, this.account));
    if (bytes?.equals(this.currentRow)) return;
    const { epoch } = this.row();
    if (epoch !== this.epoch) {
      throw new Problem('StaleAttempt', `Attempt ${this.epoch} was overtaken by attempt ${epoch}.`);
    }
    this.currentRow = bytes as Buffer;
  }

  /** Runs `body` in one durable transaction, if this attempt is still the latest. */
  write<T>(body: () => T): T {
    return transaction(this.db, () => {
      this.check();
      return body();
    });
  }

  get enumerated(): boolean {
    return this.row().enumerated;
  }

  /** Number of the operation that restored the item, {@link FOUND}, or undefined. */
  doneBy(item: number): number | undefined {
    return this.db.items.get(itemKey(this.scope, this.account, item));
  }

  /** Inside `write`. */
  markDone(item: number, operation: number): void {
    const key = itemKey(this.scope, this.account, item);
    this.db.items.putSync(key, operation);
    this.db.intents.removeSync(key);
  }

  /** Inside `write`. `trace`: what the target needs to look for it. */
  markIntent(item: number, operation: number, trace: string | null = null): void {
    const intent: Intent = trace === null ? operation : { operation, trace };
    this.db.intents.putSync(itemKey(this.scope, this.account, item), intent);
  }

  hasIntent(item: number): boolean {
    return this.db.intents.doesExist(itemKey(this.scope, this.account, item));
  }

  /** Inside `write`. */
  dropIntent(item: number): void {
    this.db.intents.removeSync(itemKey(this.scope, this.account, item));
  }

  /** Items that an earlier attempt may or may not have injected, and the operation that tried. */
  doubts(): Doubt[] {
    const found = [];
    for (const { key, value } of this.db.intents.getRange(within(accountKey(this.scope, this.account)))) {
      const row = typeof value === 'number' ? { operation: value } : value;
      found.push({ item: itemOf(key), seenAt: null, trace: null, ...row });
    }
    return found;
  }

  /** Since when (epoch milliseconds) there are doubts that nobody adds to; null when there are none. */
  doubtsSince(now: number): number | null {
    const doubts = this.doubts();
    if (doubts.length === 0) return null;
    // a clock that was set back must not make the wait longer than it is
    const unseen = doubts.filter(({ seenAt }) => seenAt === null || seenAt > now);
    if (unseen.length > 0) {
      this.write(() => {
        for (const { item, operation, trace } of unseen) {
          const intent: Intent = { operation, trace, seenAt: now };
          this.db.intents.putSync(itemKey(this.scope, this.account, item), intent);
        }
      });
      return now;
    }
    return Math.max(...doubts.map(({ seenAt }) => seenAt ?? now));
  }

  /**
   * Forgets everything of a mailbox that is not there any more, unless `instance` is the one that is known.
   * @param onForgotten in the same transaction, when there was another one
   */
  recognise(instance: string, onForgotten: () => void = () => undefined): void {
    const row = this.row();
    if (row.instance === instance) return;
    this.write(() => {
      const { items, intents, digests, folders, folderNames } = this.db;
      const { start, end } = within(accountKey(this.scope, this.account));
      for (const db of row.instance === undefined ? [] : [items, intents, digests, folders, folderNames]) {
        for (const key of [...db.getKeys({ start, end })]) db.removeSync(key);
      }
      const enumerated = row.instance === undefined && row.enumerated;
      this.db.accounts.putSync(accountKey(this.scope, this.account), {
        epoch: this.epoch,
        enumerated,
        instance,
      });
      if (row.instance !== undefined) onForgotten();
    });
  }

  /** Forgets an enumeration that did not end. */
  startEnumeration(): void {
    this.write(() => {
      const { start, end } = within(accountKey(this.scope, this.account));
      for (const key of [...this.db.digests.getKeys({ start, end })]) this.db.digests.removeSync(key);
    });
  }

  addFound(digests: readonly string[], own: readonly number[]): void {
    this.write(() => {
      for (const digest of digests) {
        const key = textKey(this.scope, this.account, digest);
        this.db.digests.putSync(key, (this.db.digests.get(key) ?? 0) + 1);
      }
      for (const item of own) {
        if (this.doneBy(item) === undefined) this.markDone(item, FOUND);
      }
    });
  }

  finishEnumeration(): void {
    this.write(() => {
      this.db.accounts.putSync(accountKey(this.scope, this.account), { ...this.row(), enumerated: true });
    });
  }

  /** How many messages with this content were in the target before us and are not matched to an item yet. */
  unmatched(digest: string): number {
    return this.db.digests.get(textKey(this.scope, this.account, digest)) ?? 0;
  }

  /** Whether any message that was in the target before us is not matched to an item yet. */
  anyUnmatched(): boolean {
    const { start, end } = within(accountKey(this.scope, this.account));
    return [...this.db.digests.getKeys({ start, end, limit: 1 })].length > 0;
  }

  /** Inside `write`: an item of the source is one of these messages. */
  match(digest: string): void {
    const key = textKey(this.scope, this.account, digest);
    const left = (this.db.digests.get(key) ?? 0) - 1;
    if (left > 0) this.db.digests.putSync(key, left);
    else this.db.digests.removeSync(key);
  }

  /** The target's folder for a folder of the source, once chosen. */
  folder(id: number): string | undefined {
    return this.db.folders.get(itemKey(this.scope, this.account, id));
  }

  /** Whether another folder of the source has this name in the target. */
  folderTaken(name: string, by: number): boolean {
    const owner = this.db.folderNames.get(textKey(this.scope, this.account, name));
    return owner !== undefined && owner !== by;
  }

  setFolder(id: number, name: string): void {
    this.write(() => {
      this.db.folders.putSync(itemKey(this.scope, this.account, id), name);
      this.db.folderNames.putSync(textKey(this.scope, this.account, name), id);
    });
  }
}
