/** A Backup Path, a target and a state folder, and the steps of a restore run on them one by one. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { externalRestoreInput, type ExternalRestoreRequest } from '../../src/contracts/external-restore';
import type { RestoreRequest, RestoreSettings } from '../../src/restore/request';
import { TASKS, type SliceResult, type TaskHooks } from '../../src/restore/tasks';
import { TestStore } from './store';

const QUIET: TaskHooks = { progress: () => undefined, stopRequested: () => false };

/** What the tests look at in report.json. */
export interface ReportJson {
  status: string;
  notes: string[];
  accounts: Record<
    string,
    {
      unrestored: { item: number; class: string; reason: string; savedAs?: string }[];
      notes: { item: number; text: string }[];
    }
  >;
}

export class RestoreBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'lifeboat-restore-'));
  readonly mailDir = join(this.folder, 'mail');
  readonly store = new TestStore(join(this.folder, 'store'));
  readonly settings: RestoreSettings = {
    stateDir: join(this.folder, 'state'),
    defaultTarget: `maildir:${this.mailDir}`,
  };
  private runs = 0;

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  request(input: Partial<ExternalRestoreRequest> = {}): RestoreRequest {
    const operationId = `restore-${++this.runs}`;
    return {
      operationId,
      operationKey: `${operationId} ${Math.random()}`,
      turn: { operationId, firstRunId: operationId },
      input: externalRestoreInput.parse({ sourcePath: this.store.root, ...input }),
    };
  }

  /** Plan and PHASE 1. */
  async begin(input: Partial<ExternalRestoreRequest> = {}): Promise<RestoreRequest> {
    const request = this.request(input);
    await TASKS.plan({ request, settings: this.settings }, QUIET);
    await TASKS.provision({ request, settings: this.settings }, QUIET);
    return request;
  }

  /** @param failAfterBatches the attempt dies while it tells of this batch, after recording it */
  async slice(
    request: RestoreRequest,
    options: { lane?: number; seconds?: number; failAfterBatches?: number; onProgress?: () => void } = {},
  ): Promise<SliceResult> {
    let batches = 0;
    const progress = (): void => {
      options.onProgress?.();
      if (++batches === options.failAfterBatches) throw new Error('the test ends this attempt');
    };
    const { lane = 0, seconds = 60 } = options;
    return TASKS.slice({ request, settings: this.settings, lane, seconds }, { ...QUIET, progress });
  }

  async restore(
    input: Partial<ExternalRestoreRequest> = {},
  ): Promise<{ counters: SliceResult['counters']; report: ReportJson; dir: string }> {
    const request = await this.begin(input);
    const { settings } = this;
    if (!input.provisioningOnly) {
      const { more } = await this.slice(request);
      if (more) throw new Error('the slice did not end');
      await TASKS.extras({ request, settings }, QUIET);
    }
    return this.report(request);
  }

  async report(
    request: RestoreRequest,
  ): Promise<{ counters: SliceResult['counters']; report: ReportJson; dir: string }> {
    const { settings } = this;
    const ending = {
      status: 'completed' as const,
      endedAt: Date.now(),
      phases: [],
      notifications: [],
      engineReason: 'test',
    };
    const { dir, counters } = await TASKS.report({ request, settings, ending }, QUIET);
    return {
      counters,
      dir,
      report: JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as ReportJson,
    };
  }
}
