/** Looks through the journal for what should have gone back by now, and puts it back. */
import { Problem, type FailureType } from '../failures';
import type { HostOverrides } from './host';
import type { OverrideEntry, OverrideHolder, RevertOutcome } from './model';
import { revertOverride } from './override';

/** Who made an override has its own ways to put it back; this long after its deadline they have failed. Milliseconds. */
const GRACE_MS = 5 * 60_000;

export type Reviewed =
  | (RevertOutcome & { readonly slot: string })
  /** Whose override it is still runs, or it cannot be found out (then `unknown` may say why), and it is not too late. */
  | {
      readonly slot: string;
      readonly outcome: 'held';
      readonly operationId: string;
      readonly unknown?: string;
    }
  | {
      readonly slot: string;
      readonly outcome: 'failed';
      readonly type: FailureType;
      readonly message: string;
    };

/**
 * What is wrong with one slot is told, and stops no other.
 * @param isRunning null, or a failure: it cannot be found out
 */
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
      const held = await heldBy(entry, isRunning);
      if (held !== null) {
        found.push({ slot, outcome: 'held', operationId: entry.holder.operationId, ...held });
        continue;
      }
      const outcome = await revertOverride(overrides.journal, overrides.port(slot), slot, entry.holder);
      found.push({ slot, ...outcome });
    } catch (error) {
      const type = error instanceof Problem ? error.type : 'Unexpected';
      found.push({ slot, outcome: 'failed', type, message: (error as Error).message });
    }
  }
  return found;
}

/**
 * Null: in nobody's hands. What nobody can be asked about goes back when its time is over: the server that knew may have
 * lost its database.
 */
async function heldBy(
  { holder, deadline }: OverrideEntry,
  isRunning: (holder: OverrideHolder) => Promise<boolean | null>,
): Promise<{ unknown?: string } | null> {
  if (Date.now() > deadline + GRACE_MS) return null;
  try {
    return (await isRunning(holder)) === false ? null : {};
  } catch (error) {
    return { unknown: `whether it runs could not be asked: ${(error as Error).message}` };
  }
}

/** What people are to hear of. */
export const isNews = (one: Reviewed): boolean => one.outcome !== 'held' || one.unknown !== undefined;
