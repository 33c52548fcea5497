/** Changing a setting of the host for a while: made once, proved, and put back to what it was. */
import { PATH_SLOT, settingText, type Setting } from '../contracts/override';
import { Problem } from '../failures';
import { NOT_UNDER_OTHER_PATH } from './backup-settings-port';
import type { Journal } from './journal';
import {
  isSameHolder,
  isSameSetting,
  type Followed,
  type OverrideEntry,
  type OverrideHolder,
  type OverridePort,
  type RevertOutcome,
} from './model';

export interface OverrideWish {
  readonly slot: string;
  readonly key: string;
  readonly wanted: Setting;
  readonly holder: OverrideHolder;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/**
 * Writes the original value into the journal, then makes the change and proves it. Asked again by the same holder, it
 * goes on where it was: while there is an entry the original is never read from the host again, where it may already be
 * the changed value.
 *
 * @param stillWanted called before anything is written; throws when the holder has ended meanwhile
 * @throws Problem `OverrideBusy` while another holder has the slot, `OverrideConflict` when somebody else has changed
 * the setting since, `OverrideNotProvable` when nobody could see whether the running server follows, there or back: then
 * nothing is changed; `OverrideNotProved` when it does not follow
 */
export async function applyOverride(
  journal: Journal,
  port: OverridePort,
  wish: OverrideWish,
  stillWanted: () => Promise<void>,
): Promise<OverrideEntry> {
  return journal.locked(async () => {
    const entry = (await ours(journal, wish)) ?? (await begin(journal, port, wish, stillWanted));
    const { key, original, wanted } = entry;
    const current = await port.read(key);
    if (!isSameSetting(current, original) && !isSameSetting(current, wanted)) throw conflict(entry, current);
    if (!isSameSetting(current, wanted)) await port.write(key, wanted);
    await port.activate();
    await port.prove();
    const applied: OverrideEntry = { ...entry, state: 'applied' };
    journal.write(applied);
    return applied;
  });
}

async function ours(journal: Journal, wish: OverrideWish): Promise<OverrideEntry | null> {
  const entry = journal.read(wish.slot);
  // what somebody else has changed since is the value that counts from now on
  if (entry === null || entry.state === 'left') return null;
  if (!isSameHolder(entry.holder, wish.holder)) {
    throw new Problem(
      'OverrideBusy',
      `${entry.key} is changed already, by the operation ${entry.holder.operationId}, until ` +
        `${new Date(entry.deadline).toISOString()} at the latest.`,
      { slot: entry.slot, operationId: entry.holder.operationId },
    );
  }
  if (entry.key === wish.key && isSameSetting(entry.wanted, wish.wanted)) return entry;
  throw new Problem('OverrideBusy', `This operation has changed ${entry.key} already.`, { slot: entry.slot });
}

async function begin(
  journal: Journal,
  port: OverridePort,
  { slot, key, wanted, holder, deadline }: OverrideWish,
  stillWanted: () => Promise<void>,
): Promise<OverrideEntry> {
  const original = await port.read(key);
  const why = (await port.unprovable?.()) ?? (await port.unprovable?.({ key, value: wanted })) ?? null;
  if (why !== null) throw new Problem('OverrideNotProvable', `${key} was not changed: ${why}.`, { key });
  await stillWanted();
  const entry: OverrideEntry = {
    version: 1,
    slot,
    key,
    original,
    wanted,
    holder,
    madeAt: Date.now(),
    deadline,
    state: 'applying',
  };
  journal.write(entry);
  return entry;
}

const conflict = ({ key, original, wanted }: OverrideEntry, found: Setting): Problem =>
  new Problem(
    'OverrideConflict',
    `${key} was changed by somebody else: it is ${settingText(found)}, and was ${settingText(original)} before it was ` +
      `to be ${settingText(wanted)}.`,
    { key },
  );

/**
 * Puts the original value back, compare-and-set: a value that is neither ours nor the original stays, and is told. The
 * entry goes only when the running server was seen to follow, or took what is written and nobody can see what it does.
 *
 * @param holder only its override; null: whosoever, because a person says so. Then one that was left is taken off the list
 * @throws Problem `ReloadPending` when the value is back on disk but the server cannot be made to follow just now,
 * `OverrideBusy` while the Backup Path is another one and what is to go back would write into that
 */
export async function revertOverride(
  journal: Journal,
  port: OverridePort,
  slot: string,
  holder: OverrideHolder | null,
): Promise<RevertOutcome> {
  return journal.locked(async () => {
    const entry = journal.read(slot);
    if (entry === null || (holder !== null && !isSameHolder(entry.holder, holder)))
      return { outcome: 'nothing' };
    if (entry.state === 'left') return acknowledged(journal, entry, holder === null);
    if (NOT_UNDER_OTHER_PATH.has(slot)) requireOwnPath(journal, entry);
    const { key, original } = entry;
    const found = await port.read(key);
    const isForeign = !isSameSetting(found, original) && !isSameSetting(found, entry.wanted);
    if (isForeign) return leave(journal, port, entry, found);
    if (!isSameSetting(found, original)) await port.write(key, original);
    const pending: OverrideEntry = { ...entry, state: 'reload pending' };
    journal.write(pending);
    const followed = await follow(port, pending);
    journal.remove(slot);
    return { outcome: 'reverted', key, value: original, ...followed };
  });
}

/** Scanner and schedules would write into the copy that the Backup Path still points to. */
function requireOwnPath(journal: Journal, { key, slot }: OverrideEntry): void {
  const path = journal.read(PATH_SLOT);
  if (path === null || path.state === 'left') return;
  throw new Problem(
    'OverrideBusy',
    `${key} cannot go back before ${path.key}, which is to be ${settingText(path.original)} again.`,
    { slot, operationId: path.holder.operationId },
  );
}

/** The running server may still use ours, so it is made to use theirs. */
async function leave(
  journal: Journal,
  port: OverridePort,
  entry: OverrideEntry,
  found: Setting,
): Promise<RevertOutcome> {
  const { key, original } = entry;
  const followed = await follow(port, entry);
  journal.write({ ...entry, state: 'left', found });
  return { outcome: 'left', key, original, found, ...followed };
}

function acknowledged(journal: Journal, entry: OverrideEntry, byPerson: boolean): RevertOutcome {
  const { slot, key, original, found = original } = entry;
  if (byPerson) journal.remove(slot);
  return { outcome: 'left', key, original, found };
}

async function follow(port: OverridePort, { key, original }: OverrideEntry): Promise<Followed> {
  try {
    await port.activate();
    const why = (await port.unprovable?.()) ?? null;
    if (why === null) await port.prove();
    return why === null ? {} : { note: `only the reload shows that the running server follows: ${why}` };
  } catch (error) {
    throw new Problem(
      'ReloadPending',
      `${key} is ${settingText(original)} again on disk, but the running server was not seen to follow: ` +
        `${(error as Error).message}`,
      { key },
      { cause: error },
    );
  }
}
