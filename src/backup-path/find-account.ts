/** An account of a Backup Path by what people call it. */
import { Problem } from '../failures';
import { Defect } from './defect';
import { isAccountId } from './layout';
import type { BackupPath } from './store';

export interface FoundAccount {
  readonly id: string;
  /** Its address; the id when account_info cannot be used. */
  readonly name: string;
}

/**
 * By id, or by address in any case. Of several accounts of one address, one that was not deleted.
 * @throws Problem `AccountNotFound`, `SourceUnavailable`, `SourceNotReadable` when the accounts cannot be listed
 */
export function findAccount(store: BackupPath, wanted: string): FoundAccount {
  return findAccounts(store, [wanted])[0] as FoundAccount;
}

/**
 * One for each that is wanted, in that order. Looks at each account once, however many are wanted.
 * @throws Problem as `findAccount`
 */
export function findAccounts(store: BackupPath, wanted: readonly string[]): FoundAccount[] {
  const ids = idsOf(store);
  // the very id comes before one that differs in case
  const byId = new Map([
    ...ids.map((id) => [id.toLowerCase(), id] as const),
    ...ids.map((id) => [id, id] as const),
  ]);
  let byName: ReturnType<typeof namesOf> | undefined;
  return wanted.map((one) => {
    const id = isAccountId(one) ? (byId.get(one) ?? byId.get(one.toLowerCase())) : undefined;
    if (id !== undefined) return { id, name: look(store, id)?.name ?? id };
    byName ??= namesOf(store, ids);
    return byName.accounts.get(one.toLowerCase()) ?? notFound(store, one, byName.unreadable);
  });
}

/** By address in lower case. */
function namesOf(
  store: BackupPath,
  ids: readonly string[],
): { accounts: Map<string, FoundAccount>; unreadable: number } {
  const accounts = new Map<string, FoundAccount>();
  const deleted = new Map<string, FoundAccount>();
  let unreadable = 0;
  for (const id of ids) {
    const info = look(store, id);
    if (info === null) {
      unreadable++;
      continue;
    }
    const those = info.status === 'deleted' ? deleted : accounts;
    const name = info.name.toLowerCase();
    if (!those.has(name)) those.set(name, { id, name: info.name });
  }
  return { accounts: new Map([...deleted, ...accounts]), unreadable };
}

function notFound(store: BackupPath, wanted: string, unreadable: number): never {
  const perhaps =
    unreadable === 0
      ? ''
      : ` The account_info of ${unreadable} accounts cannot be used: give the id instead.`;
  throw new Problem(
    'AccountNotFound',
    `The Backup Path ${store.root} has no account ${wanted.slice(0, 320)}.${perhaps}`,
  );
}

function idsOf(store: BackupPath): string[] {
  try {
    return store.accountIds().ids;
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    throw new Problem(
      'SourceNotReadable',
      `The accounts of ${store.root} cannot be listed: ${error.message}.`,
    );
  }
}

function look(store: BackupPath, id: string): { name: string; status: string } | null {
  try {
    const { name, status } = store.accountInfo(id);
    return { name, status };
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    return null;
  }
}
