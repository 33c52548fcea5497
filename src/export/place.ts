/** What an export keeps in the state folder: its plan, and how far each account is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../backup-path/defect';
import { START } from '../backup-path/walk';
import { unusable, writeDurably } from '../host/durable-file';
import { operationDir, type OperationName } from '../host/operation-dir';
import { zeroCounts, type AccountProgress, type ExportPlan } from './model';

/** Trouble with reading that a lane has met, as in a restore (restore/source-guard.ts). */
export interface LaneTrouble {
  trouble: { signature: string; since: number } | null;
  believed: string[];
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

  lane(lane: number): LaneTrouble {
    return this.read<LaneTrouble>(`lane-${lane}.json`) ?? { trouble: null, believed: [] };
  }

  writeLane(lane: number, trouble: LaneTrouble): void {
    writeDurably(join(this.dir, `lane-${lane}.json`), JSON.stringify(trouble));
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
