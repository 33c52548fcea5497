/** The states of an item, each with whether its content is there and intact. */
import { digestAlgorithm } from './digest';
import { blobPath, itemPath } from './layout';
import { carriesBlob, type ItemState } from './model';
import type { BackupPath } from './store';
import { examineBlob, type Verdict } from './verify-blobs';

export interface CheckedState {
  readonly state: ItemState;
  readonly current: boolean;
  /** Absolute; null for a state without a blob. */
  readonly blobPath: string | null;
  /** Whether the content is there and proved by its digest; null for a type that has none. */
  readonly verifies: boolean | null;
  /** What there is to be said of the blob, also when it verifies. */
  readonly verdicts: readonly Verdict[];
}

/** Which states: the current one, all, or the one that was current at a moment (epoch milliseconds). */
export type Moment = 'last' | 'all' | number;

/**
 * Oldest first. Empty when the item did not exist at that moment.
 * @throws Defect when the metadata cannot be read; Problem `SourceUnavailable`
 */
export async function checkStates(
  store: BackupPath,
  accountId: string,
  itemId: number,
  moment: Moment,
): Promise<CheckedState[]> {
  const states = store.itemById(accountId, itemId);
  const current = states.at(-1) as ItemState;
  const checked: CheckedState[] = [];
  const namedBy = store.files.absolute(itemPath(accountId, itemId));
  for (const state of chosen(states, moment))
    checked.push(await check(store, state, state === current, namedBy));
  return checked;
}

function chosen(states: readonly ItemState[], moment: Moment): ItemState[] {
  if (moment === 'all') return [...states];
  if (moment === 'last') return states.slice(-1);
  return states.filter(({ start }) => start <= moment).slice(-1);
}

async function check(
  store: BackupPath,
  state: ItemState,
  current: boolean,
  namedBy: string,
): Promise<CheckedState> {
  const { digest, type } = state;
  if (digest === null)
    return { state, current, blobPath: null, verifies: carriesBlob(type) ? false : null, verdicts: [] };
  const path = digestAlgorithm(digest) === null ? null : store.files.absolute(blobPath(digest));
  // the rule on long lines is one for messages
  const examined = await examineBlob(store, digest, namedBy);
  const verdicts = examined.verdicts.filter(({ class: kind }) => kind !== 'invalid' || type === 'message');
  return { state, current, blobPath: path, verifies: !verdicts.some(isDamage), verdicts };
}

const isDamage = ({ class: kind }: Verdict): boolean => kind === 'read' || kind === 'broken';
