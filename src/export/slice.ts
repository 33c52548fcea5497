/** One unit of work of a lane of an export. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../failures';
import { openStore } from '../restore/session';
import { SourceGuard } from '../restore/source-guard';
import { afterFailure, afterPatience, streakOf } from '../restore/trouble';
import { exportAccount } from './account';
import { Batch } from './batch';
import { assertSameDestination, onDestination, STAGING } from './destination';
import {
  addCounts,
  zeroCounts,
  type AccountProgress,
  type ExportPlan,
  type ExportRequest,
  type ExportSliceResult,
} from './model';
import { ExportPlace } from './place';

export interface ExportHooks {
  onProgress(handled: number): void;
  shouldStop(): boolean;
}

/** @throws Problem `SourceUnavailable`, `TargetUnavailable`, `DestinationFull`, `StateUnavailable` */
export async function exportSlice(
  { name, input }: ExportRequest,
  stateDir: string,
  lane: number,
  hooks: ExportHooks,
): Promise<ExportSliceResult> {
  const place = new ExportPlace(stateDir, name);
  const plan = knownPlan(place);
  const store = openStore(input.sourcePath, true);
  if (store.marker.serverId !== plan.serverId)
    throw new Problem('SourceUnavailable', `At ${store.root} is now the Backup Path of another server.`);
  assertSameDestination(plan.destination, plan.exportId);
  const staging = join(plan.destination, STAGING, `${lane}-${randomUUID()}`);
  const known = place.lane(lane);
  const row = afterPatience(known, input.advanced.patienceSeconds);
  if (row !== known) place.writeLane(lane, row);
  const guard = new SourceGuard(store, new Set(row.believed));
  const held: { id: string; progress: AccountProgress }[] = [];
  const saveHeld = (): void => {
    for (const { id, progress } of held.splice(0)) place.writeProgress(id, progress);
  };
  try {
    const batch = new Batch(store, plan.destination, staging);
    for (const account of plan.accounts.slice(row.next)) {
      if (account.lane !== lane) continue;
      const progress = place.progress(account.id);
      if (progress.done) continue;
      const save = (): void => {
        // what failed in a streak that still grows is not certain: an account that ends within it is not done yet
        held.push({ id: account.id, progress });
        if (guard.streak === 0) saveHeld();
        hooks.onProgress(progress.counts.items);
      };
      const env = { store, guard, batch, save, shouldStop: () => hooks.shouldStop() };
      const done = await exportAccount(env, account, progress);
      if (!done) return { more: true, ...advanced(place, plan, lane) };
    }
    // what failed last of all, in a streak too short to be doubted, really failed
    saveHeld();
    return { more: false, ...advanced(place, plan, lane) };
  } catch (error) {
    place.writeLane(lane, afterFailure(place.lane(lane), streakOf(error)));
    throw error;
  } finally {
    onDestination(plan.destination, () => rmSync(staging, { recursive: true, force: true }));
  }
}

export function knownPlan(place: ExportPlace): ExportPlan {
  const plan = place.plan();
  if (plan !== null) return plan;
  throw new Problem(
    'StateUnavailable',
    `There is no plan of this export in ${place.dir}: workers of one task queue must share their state folder.`,
  );
}

type Totals = Pick<ExportSliceResult, 'counts' | 'accountsDone'>;

/** Moves the lane past the accounts that it has done; answers what all lanes have done, each with the account it is at. */
function advanced(place: ExportPlace, plan: ExportPlan, lane: number): Totals {
  const row = place.lane(lane);
  const counts = { ...row.counts };
  let { next, accountsDone } = row;
  for (; next < plan.accounts.length; next++) {
    const account = plan.accounts[next];
    if (account?.lane !== lane) continue;
    const progress = place.progress(account.id);
    if (!progress.done) break;
    addCounts(counts, progress.counts);
    accountsDone++;
  }
  place.writeLane(lane, { ...row, next, accountsDone, counts });
  return totals(place, plan);
}

function totals(place: ExportPlace, plan: ExportPlan): Totals {
  const sum = { counts: zeroCounts(), accountsDone: 0 };
  const lanes = Math.max(0, ...plan.accounts.map(({ lane }) => lane + 1));
  for (let lane = 0; lane < lanes; lane++) {
    const { next, accountsDone, counts } = place.lane(lane);
    addCounts(sum.counts, counts);
    sum.accountsDone += accountsDone;
    const at = plan.accounts.slice(next).find((account) => account.lane === lane);
    if (at !== undefined) addCounts(sum.counts, place.progress(at.id).counts);
  }
  return sum;
}
