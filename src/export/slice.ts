/** One unit of work of a lane of an export. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../failures';
import { openStore } from '../restore/session';
import { SourceGuard } from '../restore/source-guard';
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
  const guard = new SourceGuard(store, believedIn(place, lane, input.advanced.patienceSeconds));
  const held: { id: string; progress: AccountProgress }[] = [];
  const saveHeld = (): void => {
    for (const { id, progress } of held.splice(0)) place.writeProgress(id, progress);
  };
  try {
    const batch = new Batch(store, plan.destination, staging);
    for (const account of plan.accounts) {
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
      if (!done) return { more: true, ...totals(place, plan) };
    }
    // what failed last of all, in a streak too short to be doubted, really failed
    saveHeld();
    return { more: false, ...totals(place, plan) };
  } catch (error) {
    noteTrouble(place, lane, error);
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

export function totals(
  place: ExportPlace,
  plan: ExportPlan,
): Pick<ExportSliceResult, 'counts' | 'accountsDone'> {
  const all = plan.accounts.map(({ id }) => place.progress(id));
  return {
    counts: all.reduce((sum, { counts }) => addCounts(sum, counts), zeroCounts()),
    accountsDone: all.filter(({ done }) => done).length,
  };
}

/** What fails alike for longer than the operator wants to wait, on a source that seems healthy, is what it seems. */
function believedIn(place: ExportPlace, lane: number, patienceSeconds: number): Set<string> {
  const { trouble, believed } = place.lane(lane);
  if (trouble !== null && Date.now() - trouble.since > patienceSeconds * 1000) {
    believed.push(trouble.signature);
    place.writeLane(lane, { trouble: null, believed });
  }
  return new Set(believed);
}

function noteTrouble(place: ExportPlace, lane: number, error: unknown): void {
  const signature =
    error instanceof Problem && error.type === 'SourceUnavailable' ? error.details.streak : undefined;
  if (typeof signature !== 'string') return;
  const known = place.lane(lane);
  if (known.trouble?.signature === signature) return;
  place.writeLane(lane, { ...known, trouble: { signature, since: Date.now() } });
}
