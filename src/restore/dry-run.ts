/** What a restore of one account, or of a part of one, would do: counted from the metadata, nothing is made. */
import { START } from '../backup-path/walk';
import { Defect } from '../backup-path/defect';
import { carriesBlob } from '../backup-path/model';
import { BackupPath } from '../backup-path/store';
import type { ExternalRestoreInput } from '../contracts/external-restore';
import { walkChosen } from './chosen';
import { isFiltered, statesOf } from './classify';
import { requireItems, selectOne } from './recovery';
import { takenState, viewOf } from './view';

export interface DryRun {
  /** Id in the source. */
  readonly accountId: string;
  /** Address of the mailbox in the target. */
  readonly mailbox: string;
  /** Items in the source, of the chosen ones. */
  readonly source: number;
  /** That would be restored, unless they are there already or their content is damaged. */
  readonly items: number;
  /** Of these, as the metadata says. */
  readonly bytes: number;
  readonly filtered: number;
  /** Whose metadata cannot be used. */
  readonly unreadable: number;
}

/** @throws Problem as the check of a restore */
export function dryRun(input: ExternalRestoreInput): DryRun {
  const store = BackupPath.open(input.sourcePath);
  const view = viewOf(input, store, '', Date.now());
  const account = view.account as string;
  requireItems(store, view);
  const counts = { source: 0, items: 0, bytes: 0, filtered: 0, unreadable: 0 };
  const chosen = new Map([[account, view.items ?? 'all']] as const);
  for (const entry of walkChosen(store, chosen, account, START)) {
    const states = entry.kind === 'folder' ? entry.defect : statesOf(store, entry);
    if (states instanceof Defect) {
      counts.source++;
      counts.unreadable++;
      continue;
    }
    const state = takenState(view, states);
    if (!carriesBlob((state ?? states.at(-1))?.type ?? 'message')) continue;
    counts.source++;
    if (state === null || isFiltered(state, input)) counts.filtered++;
    else {
      counts.items++;
      counts.bytes += state.size;
    }
  }
  store.assertThere();
  return { accountId: account, mailbox: selectOne(store, account, view.as).name, ...counts };
}
