/** Restores of one account, or of a part of one: what is different in their work list. */
import { Defect } from '../backup-path/defect';
import type { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import { readName, type Selected } from './select';
import type { Session } from './session';
import { takenState, type View } from './view';

/** The one account, under the address that it gets. */
export function selectOne(store: BackupPath, account: string, as: string | null): Selected {
  const { name, defect } = readName(store, account);
  if (defect?.kind === 'read') store.assertThere();
  // with an address of its own it can be restored even when its account_info cannot be read
  return as === null ? { id: account, name, excluded: null, defect } : named(account, as);
}

const named = (id: string, name: string): Selected => ({ id, name, excluded: null, defect: null });

/**
 * Items that are asked for by their ids must be there at that moment; what cannot be read is for the restore to tell.
 * @throws Problem `ItemNotFound`
 */
export function requireItems(store: BackupPath, view: View): void {
  const { account, items } = view;
  if (account === null || items === null) return;
  const missing = items.filter((item) => !isThere(store, account, item, view));
  if (missing.length === 0) return;
  store.assertThere();
  const when = view.date === null ? '' : ` at ${new Date(view.date).toISOString()}`;
  const list = missing.slice(0, 20).join(', ') + (missing.length > 20 ? ', …' : '');
  throw new Problem('ItemNotFound', `The account ${account} of ${store.root} has no item ${list}${when}.`, {
    items: missing.slice(0, 20),
  });
}

function isThere(store: BackupPath, account: string, item: number, view: View): boolean {
  try {
    return takenState(view, store.itemById(account, item)) !== null;
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    return error.code !== 'ENOENT';
  }
}

/**
 * A new account is one that is not there yet, or that the same restore has made before.
 * @throws Problem `AccountOccupied`
 */
export async function claimNewAccount({ view, request, ledger, operation, target }: Session): Promise<void> {
  const { as, account, date } = view;
  if (as === null || account === null) return;
  const { scope } = operation.row();
  if (ledger.madeFor(scope, as.toLowerCase()) === contentsOf(account, date)) return;
  if (!(await target.hasAccount({ id: account, name: as }))) return;
  if (request.input.recovery?.existingAccount) return;
  throw new Problem(
    'AccountOccupied',
    `${as} is in ${target.description} already, and this restore did not make it: nothing was restored into it.`,
    { account: as },
  );
}

/** Once the target has made it, and not before: an account that somebody else made in between is not ours. */
export function rememberMade({ view, ledger, operation }: Session): void {
  const { as, account, date } = view;
  if (as === null || account === null) return;
  ledger.makeFor(operation.row().scope, as.toLowerCase(), contentsOf(account, date));
}

const contentsOf = (account: string, date: number | null): string => `${account} ${date ?? 'last'}`;
