/** What a restore sees of the source: at which moment, which items, and as whose mailbox. Fixed when it begins. */
import { findAccount } from '../backup-path/find-account';
import type { ItemState } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import type { ExternalRestoreInput } from '../contracts/external-restore';
import type { Recovery } from '../contracts/recovery';
import { Problem } from '../failures';
import { endOfMoment, parseMoment } from '../host/local-time';
import { unsafeName } from './select';

export interface View {
  /** Epoch milliseconds: everything as it was then. Null: as it is now. */
  readonly date: number | null;
  /** Only what was deleted between these, as it was before. Epoch milliseconds. */
  readonly deleted: { readonly from: number; readonly to: number } | null;
  /** An item that was deleted at that moment is taken as it was before. */
  readonly revive: boolean;
  /** The one account; null: as the input chooses. */
  readonly account: string | null;
  /** The very items of it; null: all. */
  readonly items: readonly number[] | null;
  /** Its address in the target; null: its own. */
  readonly as: string | null;
  /** The folder for everything, at the top of the mailbox; null: where each was. */
  readonly folder: string | null;
  /** Set on everything. */
  readonly tag: string | null;
  /** Of the account in the ledger, beside its id: what one restore put there says nothing about another. */
  readonly memory: string | null;
}

export const PLAIN_VIEW: View = {
  date: null,
  deleted: null,
  revive: false,
  account: null,
  items: null,
  as: null,
  folder: null,
  tag: null,
  memory: null,
};

const TRASH = 3;

type Input = Pick<ExternalRestoreInput, 'date' | 'recovery'>;

/**
 * @param operationKey of the operation
 * @param now epoch milliseconds
 * @throws Problem `InvalidInput`, `AccountNotFound`, `ItemNotFound`, as `findAccount`
 */
export function viewOf(
  { date, recovery }: Input,
  store: BackupPath,
  operationKey: string,
  now: number,
): View {
  const at = date === undefined || date === 'last' ? null : momentOf('date', date, endOfMoment);
  if (recovery === undefined) return { ...PLAIN_VIEW, date: at };
  const { id } = findAccount(store, recovery.account);
  const view: View = {
    ...{ ...PLAIN_VIEW, date: at, account: id, items: recovery.items },
    deleted: spanOf(recovery.deleted),
    revive: recovery.operation === 'Item Restore',
    as: addressOf(recovery.newAccount),
    folder: recovery.folder === true ? `Undeleted ${isoDay(now)}` : recovery.folder,
    tag: recovery.operation === 'Undelete' ? `undelete_${day(now)}` : null,
    // what is asked for again after somebody removed it is brought back again; a new account is filled once
    memory: recovery.newAccount === null ? `of ${operationKey}` : `as ${recovery.newAccount.toLowerCase()}`,
  };
  return view;
}

function momentOf(field: string, text: string, parse: (text: string) => number | null): number {
  const time = parse(text);
  if (time !== null) return time;
  throw new Problem('InvalidInput', `${field}: there is no such time as ${text}.`, { field });
}

function spanOf(deleted: Recovery['deleted']): View['deleted'] {
  if (deleted === null) return null;
  const from = deleted.from === 'first' ? 0 : momentOf('startDate', deleted.from, parseMoment);
  const to = deleted.to === 'last' ? Number.MAX_SAFE_INTEGER : momentOf('endDate', deleted.to, endOfMoment);
  if (from <= to) return { from, to };
  throw new Problem('InvalidInput', `endDate: ${deleted.to} is before ${deleted.from}.`, {
    field: 'endDate',
  });
}

function addressOf(newAccount: string | null): string | null {
  const wrong = newAccount === null ? null : unsafeName(newAccount);
  if (wrong === null) return newAccount;
  throw new Problem('InvalidInput', `destinationAccount: ${wrong}.`, { field: 'destinationAccount' });
}

const two = (n: number): string => String(n).padStart(2, '0');
/** As the tag of the vendor's undelete: `24_12_25`. */
const day = (at: number): string => {
  const date = new Date(at);
  return `${two(date.getDate())}_${two(date.getMonth() + 1)}_${two(date.getFullYear() % 100)}`;
};
const isoDay = (at: number): string => {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
};

/** The state that is restored; null when the view has none of the item. Of deleted ones the rules decide. */
export function takenState(view: View, states: readonly ItemState[]): ItemState | null {
  if (view.deleted !== null) return undeleted(states, view.deleted, view.tag);
  const until = stateCount(view, states);
  const state = states[until - 1];
  if (!state) return null;
  return view.revive && state.deleted ? lastAlive(states.slice(0, until)) : state;
}

/** Of a folder, by which its items are filed: one that is younger than the moment keeps its first name. */
export function folderState(view: View, states: readonly ItemState[]): ItemState | undefined {
  const state = states[stateCount(view, states) - 1] ?? states[0];
  return state?.deleted ? (lastAlive(states) ?? state) : state;
}

/** How many of the states, oldest first, had begun by then. */
const stateCount = ({ date }: View, states: readonly ItemState[]): number =>
  date === null ? states.length : states.findLastIndex(({ start }) => start <= date) + 1;

/** What was deleted then and is deleted still, as it was before, where it was before it came into the Trash. */
function undeleted(
  states: readonly ItemState[],
  { from, to }: NonNullable<View['deleted']>,
  tag: string | null,
): ItemState | null {
  if (!states.at(-1)?.deleted) return null;
  const alive = states.findLastIndex(({ deleted }) => !deleted);
  const deletion = states[alive + 1] as ItemState;
  if (deletion.start < from || deletion.start > to) return null;
  const before = lastAlive(states) ?? deletion;
  return { ...before, tags: tag === null ? before.tags : [...before.tags, tag] };
}

/** Without the mark; of states that are all deleted the last one. */
function lastAlive(states: readonly ItemState[]): ItemState | null {
  const alive = states.filter(({ deleted }) => !deleted);
  const last = alive.at(-1);
  if (!last) return states.at(-1) ?? null;
  const filed = alive.findLast(({ folder }) => folder !== TRASH);
  return last.folder === TRASH && filed ? { ...last, folder: filed.folder } : last;
}
