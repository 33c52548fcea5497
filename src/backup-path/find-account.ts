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
  const ids = idsOf(store);
  const byId = isAccountId(wanted) ? ids.find((id) => id.toLowerCase() === wanted.toLowerCase()) : undefined;
  if (byId !== undefined) return { id: byId, name: look(store, byId)?.name ?? byId };
  let unreadable = 0;
  let deleted: FoundAccount | null = null;
  for (const id of ids) {
    const info = look(store, id);
    if (info === null) unreadable++;
    if (info?.name.toLowerCase() !== wanted.toLowerCase()) continue;
    if (info.status !== 'deleted') return { id, name: info.name };
    deleted ??= { id, name: info.name };
  }
  if (deleted !== null) return deleted;
  const perhaps =
    unreadable === 0
      ? ''
      : ` The account_info of ${unreadable} accounts cannot be used: give the id instead.`;
  throw new Problem(
    'AccountNotFound',
    `The Backup Path ${store.root} has no account ${wanted.slice(0, 320)}.${perhaps}`,
  );
}

/** The ids of several; each once, in the order given. @throws Problem as `findAccount` */
export const findAccounts = (store: BackupPath, wanted: readonly string[]): string[] => [
  ...new Set(wanted.map((name) => findAccount(store, name).id)),
];

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
