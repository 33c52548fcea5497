/**
 * The ledger: what was restored from where to where. It makes a restore resumable and exact, and it is only an
 * accelerator of truth: when it is lost, the target itself is asked (account-ledger.ts, `enumerated`).
 */
import { createHash, randomUUID } from 'node:crypto';
import { Problem } from '../failures';
import { AccountLedger } from './account-ledger';
import { openDatabases, transaction, type LedgerDatabases } from './env';
import { accountKey, itemKey, within } from './keys';
import type { View } from '../restore/view';
import type { OperationRow, Places } from './model';
import { OperationLedger, rowKey } from './operation-ledger';

export class Ledger {
  private constructor(private readonly db: LedgerDatabases) {}

  /** @throws Problem `StateUnavailable` */
  static open(stateDir: string): Ledger {
    return new Ledger(openDatabases(stateDir));
  }

  /** Random, made with the ledger: two workers with different state folders must not work on one operation. */
  get id(): string {
    const known = this.db.meta.get('ledger-id') as string | undefined;
    if (known !== undefined) return known;
    return transaction(this.db, () => {
      const raced = this.db.meta.get('ledger-id') as string | undefined;
      if (raced !== undefined) return raced;
      const id = randomUUID();
      this.db.meta.putSync('ledger-id', id);
      return id;
    });
  }

  async close(): Promise<void> {
    await this.db.root.close();
  }

  /** The number of a source server and a target, the very one: an emptied target is another. */
  scope(serverId: string, targetId: string, targetInstance: string): number {
    return this.numberOf('scope', JSON.stringify([serverId, targetId, targetInstance]));
  }

  /** The number of an account of a scope. */
  account(scope: number, accountId: string): number {
    return this.numberOf('account', `${scope} ${accountId}`);
  }

  private numberOf(kind: string, name: string): number {
    const key = shortKey(kind, name);
    const known = this.db.meta.get(key) as number | undefined;
    if (known !== undefined) return known;
    return transaction(this.db, () => {
      const raced = this.db.meta.get(key) as number | undefined;
      if (raced !== undefined) return raced;
      const next = this.next(kind);
      this.db.meta.putSync(key, next);
      return next;
    });
  }

  /** Inside a transaction: the next number of a kind, from 1. */
  private next(kind: string): number {
    const key = `last-${kind}`;
    const next = ((this.db.meta.get(key) as number | undefined) ?? 0) + 1;
    this.db.meta.putSync(key, next);
    return next;
  }

  /** Many numbers in one transaction; for work lists. */
  accounts(scope: number, accountIds: readonly string[]): number[] {
    return transaction(this.db, () => accountIds.map((id) => this.account(scope, id)));
  }

  /**
   * The operation with this key, begun when it is not there. The key names one chain of runs (workflow id and
   * first run), so that a rerun under the same id is another operation and a reset is not.
   */
  operation(key: string, id: string, scope: number, places: Places, view: View): OperationLedger {
    const name = shortKey('operation-key', key);
    return transaction(this.db, () => {
      const known = this.db.meta.get(name) as number | undefined;
      if (known !== undefined) return new OperationLedger(this.db, known);
      const number = this.next('operation');
      const row: OperationRow = {
        number,
        id,
        scope,
        places,
        view,
        startedAt: Date.now(),
        accounts: 0,
        files: 0,
        planned: false,
        notes: [],
        provisioned: null,
      };
      this.db.meta.putSync(rowKey(number), row);
      this.db.meta.putSync(name, number);
      return new OperationLedger(this.db, number);
    });
  }

  /** @throws Problem `StateUnavailable` when the operation was never begun here */
  existingOperation(key: string): OperationLedger {
    const number = this.db.meta.get(shortKey('operation-key', key)) as number | undefined;
    if (number !== undefined) return new OperationLedger(this.db, number);
    throw new Problem(
      'StateUnavailable',
      'The ledger does not know this operation: the state folder is another one than before, or was emptied. ' +
        'Bring it back, or start the restore again: the target is then listed first, and nothing is doubled.',
    );
  }

  /** For what an account was made in the target; undefined when no restore made it. */
  madeFor(scope: number, address: string): string | undefined {
    return this.db.meta.get(shortKey('made', `${scope} ${address}`)) as string | undefined;
  }

  makeFor(scope: number, address: string, what: string): void {
    transaction(this.db, () => this.db.meta.putSync(shortKey('made', `${scope} ${address}`), what));
  }

  takeAccount(scope: number, account: number): AccountLedger {
    return AccountLedger.take(this.db, scope, account);
  }

  /** The target's folder that stands for a folder of the source, if one was made. */
  folderOf(scope: number, account: number, folderId: number): string | undefined {
    return this.db.folders.get(itemKey(scope, account, folderId));
  }

  /** How many items of an account are known to be in the target. */
  doneCount(scope: number, account: number): number {
    return this.db.items.getKeysCount(within(accountKey(scope, account)));
  }
}

/** LMDB keys are short; paths and workflow ids need not be. */
const shortKey = (kind: string, name: string): string =>
  `${kind}:${createHash('sha256').update(name).digest('base64url')}`;
