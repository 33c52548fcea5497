/** Looks through the journal for what should have gone back by now, and puts it back. */
import { Problem, type FailureType } from '../failures';
import type { HostOverrides } from './host';
import type { OverrideEntry, OverrideHolder, RevertOutcome } from './model';
import { revertOverride } from './override';

/** Who made an override has its own ways to put it back; this long after its deadline they have failed. Milliseconds. */
const GRACE_MS = 5 * 60_000;

export type Reviewed =
  | (RevertOutcome & { readonly slot: string })
  /** Whose override it is still runs, and it is not too late. */
  | { readonly slot: string; readonly outcome: 'held'; readonly operationId: string }
  | {
      readonly slot: string;
      readonly outcome: 'failed';
      readonly type: FailureType;
      readonly message: string;
    };

/** @param isRunning null: it cannot be found out */
export async function reviewOverrides(
  overrides: Pick<HostOverrides, 'journal' | 'port' | 'isUsed'>,
  isRunning: (holder: OverrideHolder) => Promise<boolean | null>,
): Promise<Reviewed[]> {
  const found: Reviewed[] = [];
  if (!overrides.isUsed) return found;
  for (const slot of overrides.journal.slots()) {
    try {
      const entry = overrides.journal.read(slot);
      if (entry === null) continue;
      if (await isHeld(entry, isRunning)) {
        found.push({ slot, outcome: 'held', operationId: entry.holder.operationId });
        continue;
      }
      const outcome = await revertOverride(overrides.journal, overrides.port(slot), slot, entry.holder);
      found.push({ slot, ...outcome });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { type, message } = error;
      found.push({ slot, outcome: 'failed', type, message });
    }
  }
  return found;
}

/** What nobody can be asked about goes back when its time is over: the server that knew may have lost its database. */
async function isHeld(
  { holder, deadline }: OverrideEntry,
  isRunning: (holder: OverrideHolder) => Promise<boolean | null>,
): Promise<boolean> {
  if (Date.now() > deadline + GRACE_MS) return false;
  return (await isRunning(holder)) !== false;
}
