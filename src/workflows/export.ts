/** Export by the engine direct: chosen accounts of a Backup Path become a Backup Path of their own. */
import {
  ChildWorkflowCancellationType,
  continueAsNew,
  defineQuery,
  executeChild,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type {
  DirectExportResult,
  DirectExportStatus,
  HostOperationInput,
  HostOperationRequest,
} from '../contracts/host-operations';
import type { TurnCarry } from '../contracts/operation-queue';
import type { ExportPlanned, ExportRequest } from '../export/model';
import { unwrapFailure } from './failure';
import { historyIsLong } from './history';
import { operationName } from './operation-name';
import { stepsOf, type Steps } from './steps';
import { thisOperation, withTurn } from './turn';
import { verify } from './verify';
import { inLanes, workUnits } from './work-units';

export const exportStatusQuery = defineQuery<DirectExportStatus>('status');

type Show = (next: Partial<DirectExportStatus>) => void;

export async function directExport(
  raw: HostOperationRequest<'exportBackup'>,
  input: HostOperationInput<'exportBackup'>,
): Promise<DirectExportResult> {
  const name = operationName();
  const { sourcePath = '', destinationPath, domains, accounts, concurrentAccounts, advanced, turn } = input;
  const request: ExportRequest = {
    name,
    input: {
      ...{ sourcePath, destinationPath, domains, accounts: accounts ?? [] },
      ...{ concurrentAccounts: concurrentAccounts ?? 2, advanced },
    },
  };
  const { patient } = stepsOf({ advanced });
  const show = showing(destinationPath);
  const goOnAsNew = (held: TurnCarry): Promise<never> => continueAsNew({ ...raw, turn: held });
  const work = async (held: TurnCarry): Promise<DirectExportResult> => {
    const owner = thisOperation();
    show({ phase: 'copying' });
    const plan = await patient.planExport({ request, owner });
    show({ total: plan.files, accounts: plan.accounts });
    if (!(await copy(request, plan, advanced, patient, show))) return goOnAsNew(held);
    show({ phase: 'report' });
    const { counts, ...end } = await patient.finishExport({ request, owner });
    const verified = input.verify ? await verification(name.operationId, destinationPath, show) : null;
    show({ ...counts, phase: 'ended', accountsDone: end.accounts });
    const whole = end.findings === 0 && (verified ?? 0) === 0;
    const status = whole ? 'completed' : 'partial';
    return {
      status,
      operationId: name.operationId,
      ...counts,
      ...end,
      verified,
      destination: destinationPath,
    };
  };
  try {
    // a mistake in the input is told before the operation waits
    if (!turn) await patient.checkExport({ request });
    const options = {
      ...{ kind: 'Export', carry: turn, renew: goOnAsNew },
      continueAsNewAfterEvents: advanced.continueAsNewAfterEvents,
      onWaiting: (queue: DirectExportStatus['queue']) => show({ phase: queue ? 'queued' : 'copying', queue }),
    };
    return await withTurn(options, work);
  } catch (error) {
    throw unwrapFailure(error);
  }
}

/** Lanes side by side until nothing is left. Answers false when it is time to continue as new. */
function copy(
  request: ExportRequest,
  { lanes }: ExportPlanned,
  { sliceSeconds, continueAsNewAfterEvents }: HostOperationInput<'exportBackup'>['advanced'],
  patient: Steps['patient'],
  show: Show,
): Promise<boolean> {
  const owner = thisOperation();
  const unit = async (lane: number, seconds: number): Promise<boolean> => {
    const slice = await patient.exportSlice({ request, owner, lane, seconds });
    show({ ...slice.counts, accountsDone: slice.accountsDone });
    return slice.more;
  };
  const isLong = (): boolean => historyIsLong(continueAsNewAfterEvents);
  return inLanes(lanes, (lane) => workUnits(sliceSeconds, (seconds) => unit(lane, seconds), isLong));
}

/** How much is wrong with what was written. */
async function verification(operationId: string, sourcePath: string, show: Show): Promise<number> {
  show({ phase: 'verifying' });
  const { read, broken } = await executeChild(verify, {
    workflowId: `${operationId}/verify`,
    args: [{ sourcePath }],
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `Verification of ${sourcePath}`,
  });
  return read + broken;
}

function showing(destination: string): Show {
  let status: DirectExportStatus = {
    ...{ phase: 'preflight', total: 0, accounts: 0, accountsDone: 0, queue: null },
    ...{ items: 0, written: 0, unchanged: 0, damaged: 0, blobs: 0, bytes: 0 },
  };
  setHandler(exportStatusQuery, () => status, {
    description: 'Phase and counts of this export. No input.',
  });
  return (next) => {
    status = { ...status, ...next };
    const { phase, total, items, damaged, bytes, accounts, accountsDone, queue } = status;
    const lines = [
      `**Export: ${phase}**`,
      '',
      `- into \`${destination}\``,
      ...(queue ? [`- position ${queue.position} of ${queue.queued} in the operation queue`] : []),
      `- ${items} of ${total} items, ${accountsDone} of ${accounts} accounts, ${Math.round(bytes / 1e6)} MB copied`,
      `- damaged: ${damaged}`,
    ];
    setCurrentDetails(lines.join('\n'));
  };
}
