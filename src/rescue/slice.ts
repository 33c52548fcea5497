/** One work unit: rescues items of the list until its time is up. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Defect, nullWhenInterrupted } from '../backup-path/defect';
import type { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import { PartWriter } from '../host/parts';
import { safeName } from '../host/safe-name';
import { remedyOf } from '../report/remedies';
import { chosenFile, readChosen } from '../restore/chosen';
import { asOutage, openStore } from '../restore/session';
import { findContent } from './find-content';
import { COUNT_OF, NO_COUNTS, type Rescued, type RescuePlan, type RescueSliceResult } from './model';
import { rescueFolder, writeRescued } from './output';
import { SmallStore } from './small-store';

export interface RescueSlice {
  readonly plan: RescuePlan;
  /** Number of this work unit, from 0. */
  readonly slice: number;
  /** Items of the list that are done. */
  readonly from: number;
  readonly seconds: number;
  /** Whether what is rescued is to be injected too. */
  readonly inject: boolean;
}

export interface RescueHooks {
  onProgress(done: number): void;
  stopRequested(): boolean;
}

export const partsDir = (plan: RescuePlan): string => join(plan.dir, 'parts');
export const smallStoreDir = (plan: RescuePlan): string => join(plan.dir, 'store');

/** Done again, it writes no file twice. @throws Problem `SourceUnavailable`, `StateUnavailable` */
export async function rescueSlice(input: RescueSlice, hooks: RescueHooks): Promise<RescueSliceResult> {
  const { plan, from, seconds } = input;
  const until = Date.now() + seconds * 1000;
  const store = openStore(plan.sourcePath, true);
  if (store.marker.serverId !== plan.serverId)
    throw new Problem('SourceUnavailable', `At ${store.root} is now the Backup Path of another server.`, {
      path: store.root,
    });
  store.blobs.isInterrupted = () => hooks.stopRequested();
  const list = [...readChosen(chosenFile(plan.dir))].flatMap(([account, items]) =>
    items === 'all' ? [] : items.map((item) => ({ account, item })),
  );
  const part = openPart(plan, input.slice);
  try {
    const rescuer = new Rescuer(
      store,
      plan,
      input.inject ? new SmallStore(smallStoreDir(plan), store) : null,
    );
    const counts = { ...NO_COUNTS };
    let done = from;
    for (const { account, item } of list.slice(from)) {
      if (done > from && (hooks.stopRequested() || Date.now() >= until)) break;
      const rescued = await rescuer.rescue(account, item).catch(nullWhenInterrupted);
      if (rescued === null) break;
      part.add(rescued);
      counts[COUNT_OF[rescued.status]]++;
      hooks.onProgress(++done);
    }
    part.publish();
    return { ...counts, done };
  } catch (error) {
    part.drop();
    throw asOutage(error);
  }
}

function openPart(plan: RescuePlan, slice: number): PartWriter {
  const folder = partsDir(plan);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return new PartWriter(folder, slice);
  } catch (error) {
    const what = `The index cannot be written to ${folder}: ${(error as Error).message}.`;
    throw new Problem('StateUnavailable', what, { path: folder }, { cause: error });
  }
}

class Rescuer {
  private readonly folders = new Set<string>();

  constructor(
    private readonly store: BackupPath,
    private readonly plan: RescuePlan,
    private readonly toInject: SmallStore | null,
  ) {}

  async rescue(accountId: string, item: number): Promise<Rescued> {
    const { content, defect, type } = await findContent(this.store, accountId, item);
    const account = this.nameOf(accountId);
    // two accounts may have had one address; the id tells whose files these are
    const folder = `${safeName(account)}-${accountId}`;
    const what = { account, accountId, item, ...(defect ? this.told(defect) : {}) };
    if (content === null) {
      const nothing = { ...what, type, state: null, file: null, bytes: 0 };
      if (defect !== null || type === null) return { ...nothing, status: 'lost' };
      return { ...nothing, status: 'no-content', reason: `a ${type} has no content` };
    }
    if (!this.folders.has(folder)) this.folders.add(rescueFolder(this.plan.outputDir, folder));
    const { file, bytes } = await writeRescued(this.plan.outputDir, folder, item, content);
    await this.toInject?.add(accountId, item, content);
    const { status, state } = content;
    const start = state === null ? null : new Date(state.start).toISOString();
    return { ...what, status, type: state?.type ?? null, state: start, file, bytes };
  }

  private told(defect: Defect): Pick<Rescued, 'reason' | 'evidence' | 'remedy'> {
    const evidence = this.store.evidenceOf(defect);
    const { kind, message: reason } = defect;
    return { reason, evidence, remedy: remedyOf({ class: kind, reason, evidence }) };
  }

  private nameOf(accountId: string): string {
    try {
      return this.store.accountInfo(accountId).name;
    } catch (error) {
      if (error instanceof Defect) return accountId;
      throw error;
    }
  }
}
