/** Whether an offsite sync deletes; while a purge works on the mail host, one that may delete waits, durably. */
import { sleep, type ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { OffsiteSyncInput } from '../contracts/offsite-sync';
import { patiently, type Patience } from './patience';
import type { SyncState } from './sync-state';

export interface Deletions {
  readonly wanted: boolean;
  /** Purges that have ended; null: not known. */
  readonly purges: readonly string[] | null;
  readonly notes: readonly string[];
}

const LONGEST_PAUSE_MS = 300_000;

export async function decideDeletions(
  steps: Pick<ActivityInterfaceFor<Activities>, 'lookAtPurges'>,
  input: OffsiteSyncInput,
  state: SyncState,
  patience: Patience,
): Promise<Deletions> {
  const { delete: when, dryRun, advanced } = input;
  if (when === 'never') return { wanted: false, purges: null, notes: [] };
  state.begin('asking for purges');
  let pause = advanced.pollSeconds * 1000;
  for (;;) {
    const { waiting, fresh, ended } = await patiently(patience, () => steps.lookAtPurges({ input }));
    if (waiting === null || dryRun) {
      state.waits(null);
      const wanted = when === 'now' || fresh || waiting !== null;
      const why = wanted ? [] : ['No purge has ended since the last deleting sync: nothing is deleted.'];
      const notes = waiting === null ? why : [waiting];
      return { wanted, purges: ended, notes };
    }
    state.waits(waiting);
    // no worker is kept meanwhile, and the history of a long purge stays short
    await sleep(pause);
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }
}
