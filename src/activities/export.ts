/** Activities of an export by the engine direct: each runs one step in a thread and heartbeats for it. */
import { cancellationSignal } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { Config } from '../config';
import type { TurnOwner } from '../contracts/operation-queue';
import type { ExportEnd, ExportPlanned, ExportRequest, ExportSliceResult } from '../export/model';
import { runInThread } from '../restore/in-thread';
import type { TaskInputs, TaskProgress, TaskResults } from '../restore/tasks';
import { beating } from './beating';
import { toFailure } from './failure';
import type { HostWork } from './host-work';
import { step } from './restore';

export interface ExportStep {
  readonly request: ExportRequest;
  readonly owner: TurnOwner;
}

export function createExportActivities({ stateDir }: Config, work: HostWork) {
  /** Only while no other operation works on this host. */
  const working = <K extends 'planExport' | 'exportSlice' | 'finishExport'>(
    name: K,
    owner: TurnOwner,
    input: TaskInputs[K],
  ): Promise<TaskResults[K]> =>
    beating<TaskProgress, TaskResults[K]>(async (tell) => {
      const waiting = (what: string): void => tell({ step: what, done: 0, total: 0, unit: 'items' });
      try {
        return await work.during({ ...owner, kind: 'Export' }, null, waiting, () =>
          runInThread(name, input, { signal: cancellationSignal(), onProgress: tell }),
        );
      } catch (error) {
        throw error instanceof CancelledFailure ? error : toFailure(error);
      }
    });

  return {
    /** Whether the source, the accounts and the destination are right; changes nothing. */
    async checkExport({ request }: Pick<ExportStep, 'request'>): Promise<void> {
      return step('checkExport', { export: request, stateDir });
    },

    /** Chooses the accounts, and makes the destination. */
    async planExport({ request, owner }: ExportStep): Promise<ExportPlanned> {
      return working('planExport', owner, { export: request, stateDir });
    },

    /** Copies for at most `seconds`, from where the lane stands. */
    async exportSlice({
      request,
      owner,
      lane,
      seconds,
    }: ExportStep & { lane: number; seconds: number }): Promise<ExportSliceResult> {
      return working('exportSlice', owner, { export: request, stateDir, lane, seconds });
    },

    /** What belongs to the server, the marker of the new Backup Path, and the report. */
    async finishExport({ request, owner }: ExportStep): Promise<ExportEnd> {
      return working('finishExport', owner, { export: request, stateDir });
    },
  };
}
