/** Decides what is to be done with a metadata file, before anything is touched. */
import { broken, Defect } from '../backup-path/defect';
import { digestAlgorithm } from '../backup-path/digest';
import { carriesBlob, type ItemState } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import type { Cursor, WalkEntry } from '../backup-path/walk';
import { FOUND, type AccountLedger } from '../ledger/account-ledger';
import type { Matches } from './matches';
import type { Outcome } from './outcome';
import { takenState, type View } from './view';

export interface ItemRules {
  readonly filterDeleted: boolean;
  /** Bytes; null: no limit. */
  readonly maxFileSize: number | null;
}

interface Common {
  readonly item: number;
  readonly cursor: Cursor;
}
export type Candidate = Common &
  (
    | { readonly kind: 'defect'; readonly defect: Defect }
    | { readonly kind: 'apart'; readonly state: ItemState }
    /**
     * Sent by an attempt that died. To a target that cannot be asked whether it is there; or its content, by which it
     * would be found, cannot be read (`defect`).
     */
    | { readonly kind: 'doubtful'; readonly defect?: Defect }
    /** Not there at that moment; the state is its last. */
    | { readonly kind: 'absent'; readonly state: ItemState }
    /** It has been tried in this attempt (again.ts). */
    | { readonly kind: 'tried'; readonly outcome: Outcome }
    /** Left out by the rules. */
    | { readonly kind: 'filtered' }
    /** In the target already; `ours`: put there by this very operation before an interruption. */
    | { readonly kind: 'present'; readonly ours: boolean; readonly state: ItemState }
    /** The same content was in the target before us. */
    | { readonly kind: 'match'; readonly digest: string }
    /** To be delivered, or saved beside the report when the target cannot hold its type. */
    | { readonly kind: 'deliver' | 'save'; readonly state: ItemState & { readonly digest: string } }
  );

export interface Classifier {
  readonly store: BackupPath;
  readonly rules: ItemRules;
  readonly view: View;
  readonly operation: number;
  readonly ledger: AccountLedger;
  readonly matches: Pick<Matches, 'take'>;
  accepts(type: string): boolean;
  /** Whether doubts can be settled in the target. */
  readonly canLook: boolean;
  /** Items that stay in doubt, because their content could not be read. */
  readonly unread: ReadonlyMap<number, Defect>;
  /** What became of items that were tried before their turn, and the ledger does not know. */
  readonly tried: ReadonlyMap<number, Outcome>;
}

export function classify(env: Classifier, entry: WalkEntry): Candidate {
  if (entry.kind === 'folder') return { kind: 'defect', item: 0, cursor: entry.cursor, defect: entry.defect };
  const common = { item: entry.id, cursor: entry.cursor };
  const unread = entry.kind === 'item' ? env.unread.get(entry.id) : undefined;
  const outcome = entry.kind === 'item' ? env.tried.get(entry.id) : undefined;
  if (outcome !== undefined) return { ...common, kind: 'tried', outcome };
  if (unread !== undefined) return { ...common, kind: 'doubtful', defect: unread };
  const states = statesOf(env.store, entry);
  if (states instanceof Defect) return { ...common, kind: 'defect', defect: states };
  const state = takenState(env.view, states);
  if (state === null) return { ...common, kind: 'absent', state: states.at(-1) as ItemState };
  if (!carriesBlob(state.type)) return { ...common, kind: 'apart', state };
  if (isFiltered(state, env.rules)) return { ...common, kind: 'filtered' };
  const doneBy = env.ledger.doneBy(entry.id);
  if (doneBy !== undefined) {
    return { ...common, kind: 'present', ours: doneBy !== FOUND && doneBy === env.operation, state };
  }
  if (!env.canLook && env.ledger.hasIntent(entry.id)) return { ...common, kind: 'doubtful' };
  const { digest } = state;
  if (digest === null || digestAlgorithm(digest) === null) {
    const what = digest === null ? 'without a digest' : `whose digest is none ("${digest.slice(0, 80)}")`;
    return { ...common, kind: 'defect', defect: broken(`a ${state.type} ${what}`, entry.path) };
  }
  if (env.matches.take(digest)) return { ...common, kind: 'match', digest };
  return { ...common, kind: env.accepts(state.type) ? 'deliver' : 'save', state: { ...state, digest } };
}

/** Whether the rules leave an item out. */
export function isFiltered(state: ItemState, rules: ItemRules): boolean {
  return (
    (rules.filterDeleted && state.deleted) || (rules.maxFileSize !== null && state.size > rules.maxFileSize)
  );
}

/** The state an item is in, or why that cannot be known. */
export function currentState(store: BackupPath, entry: ItemEntry): ItemState | Defect {
  const states = statesOf(store, entry);
  // never empty: the reader refuses that
  return states instanceof Defect ? states : (states.at(-1) as ItemState);
}

type ItemEntry = Extract<WalkEntry, { kind: 'item' | 'misplaced' }>;

/** The states of an item, oldest first, at least one, or why they cannot be known. */
export function statesOf(store: BackupPath, entry: ItemEntry): ItemState[] | Defect {
  if (entry.kind === 'misplaced') return broken('a metadata file in the folder of other ids', entry.path);
  try {
    return store.itemStates(entry.path);
  } catch (error) {
    if (error instanceof Defect) return error;
    throw error;
  }
}
