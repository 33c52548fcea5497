/** What an export keeps in the state folder: its plan, and how far each account is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../backup-path/defect';
import { START } from '../backup-path/walk';
import { unusable, writeDurably } from '../host/durable-file';
import { operationDir, type OperationName } from '../host/operation-dir';
import type { Trouble } from '../restore/trouble';
import { zeroCounts, type AccountProgress, type ExportCounts, type ExportPlan } from './model';

/** How far a lane is. */
export interface LaneProgress extends Trouble {
  /** Position in the plan before which all accounts of this lane are done. */
  readonly next: number;
  /** Of these. */
  readonly accountsDone: number;
  readonly counts: ExportCounts;
}

export class ExportPlace {
  readonly dir: string;

  constructor(stateDir: string, name: OperationName) {
    this.dir = operationDir(stateDir, 'exports', name);
  }

  plan(): ExportPlan | null {
    return this.read<ExportPlan>('plan.json');
  }

  writePlan(plan: ExportPlan): void {
    writeDurably(join(this.dir, 'plan.json'), JSON.stringify(plan));
  }

  progress(account: string): AccountProgress {
    const known = this.read<AccountProgress>(`accounts/${account}.json`);
    return known ?? { cursor: START, counts: zeroCounts(), findings: [], done: false };
  }

  writeProgress(account: string, progress: AccountProgress): void {
    writeDurably(join(this.dir, `accounts/${account}.json`), JSON.stringify(progress));
  }

  lane(lane: number): LaneProgress {
    const none = { trouble: null, believed: [], next: 0, accountsDone: 0, counts: zeroCounts() };
    // one of an earlier release has no more than its trouble
    return { ...none, ...this.read<Partial<LaneProgress>>(`lane-${lane}.json`) };
  }

  writeLane(lane: number, progress: LaneProgress): void {
    writeDurably(join(this.dir, `lane-${lane}.json`), JSON.stringify(progress));
  }

  /** Ours, and written as a whole. @throws Problem `StateUnavailable` */
  private read<T>(name: string): T | null {
    const path = join(this.dir, name);
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as T;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw unusable(path, 'read', error);
    }
  }
}
