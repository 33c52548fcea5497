/** What the Backup module of the mail host does on its own backup, each in its turn: one body, seven names, some with two engines. */
import {
  CancellationScope,
  continueAsNew,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { z } from 'zod';
import type { Activities } from '../activities';
import {
  type DirectExportResult,
  HOST_EXAMPLES,
  HOST_INPUTS,
  HOST_TITLES,
  type HostOperationInput,
  type HostOperationName,
  type HostOperationRequest,
  type HostOperationResult,
  type HostOperationStatus,
} from '../contracts/host-operations';
import { directRestore, isDirect, type RecoveryName } from '../contracts/direct-recovery';
import {
  externalRestoreExample,
  externalRestoreInput,
  type ExternalRestoreResult,
} from '../contracts/external-restore';
import { parseInput } from '../contracts/input';
import type { TurnCarry } from '../contracts/operation-queue';
import { runRestore } from './external-restore';
import { directExport } from './export';
import { unwrapFailure } from './failure';
import { historyIsLong } from './history';
import { operationName } from './operation-name';
import { stepsOf, type Steps } from './steps';
import { thisOperation, withTurn } from './turn';
import { workUnits } from './work-units';

export const hostStatusQuery = defineQuery<HostOperationStatus>('status');

const LONGEST_SLICE_SECONDS = 30;

type Raw<N extends HostOperationName> = HostOperationRequest<N>;

export const smartScan = (raw: Raw<'smartScan'>) => hostOperation('smartScan', raw);
export async function exportBackup(
  raw: Raw<'exportBackup'>,
): Promise<HostOperationResult | DirectExportResult> {
  const input = parseInput(HOST_INPUTS.exportBackup, raw, HOST_EXAMPLES.exportBackup);
  return isDirect(input) ? directExport(raw, input) : hostOperation('exportBackup', raw);
}
export const restoreOnNewAccount = (raw: Raw<'restoreOnNewAccount'>) =>
  recoveryOr('restoreOnNewAccount', raw);
export const undelete = (raw: Raw<'undelete'>) => recoveryOr('undelete', raw);
export const itemRestore = (raw: Raw<'itemRestore'>) => recoveryOr('itemRestore', raw);
export const coherencyCheck = (raw: Raw<'coherencyCheck'>) => hostOperation('coherencyCheck', raw);
export const purge = (raw: Raw<'purge'>) => hostOperation('purge', raw);

/** From a Backup Path into a target by the engine direct, else on the mail host. */
async function recoveryOr<N extends RecoveryName>(
  operation: N,
  raw: Raw<N>,
): Promise<HostOperationResult | ExternalRestoreResult> {
  const schema: z.ZodType<HostOperationInput<RecoveryName>> = HOST_INPUTS[operation];
  const input = parseInput(schema, raw, HOST_EXAMPLES[operation]);
  if (!isDirect(input)) return hostOperation(operation, raw);
  const restore = directRestore(operation, input as never);
  const { turn } = input;
  return runRestore(
    parseInput(externalRestoreInput, { ...restore, turn }, externalRestoreExample),
    ({ carry, turn: held }) => continueAsNew({ ...raw, carry, turn: held }),
  );
}

async function hostOperation(
  operation: HostOperationName,
  raw: HostOperationRequest,
): Promise<HostOperationResult> {
  const { kind } = HOST_TITLES[operation];
  const schema: z.ZodType<HostOperationInput> = HOST_INPUTS[operation];
  const { turn, ...input } = parseInput(schema, raw, HOST_EXAMPLES[operation]);
  const one = {
    name: operationName(),
    owner: thisOperation(),
    kind,
    operation,
    input: input as HostOperationInput,
  };
  const show = showing(kind);
  const { patient } = stepsOf(input);
  const goOnAsNew = (held: TurnCarry): Promise<never> => continueAsNew({ ...raw, turn: held });
  const work = async (held: TurnCarry): Promise<HostOperationResult> => {
    show({ phase: 'working' });
    return followToEnd(patient, one, show, () => goOnAsNew(held));
  };
  try {
    // that no mail host answers is told before the operation waits
    if (!turn) await patient.checkHost();
    const options = {
      ...{ kind, carry: turn, continueAsNewAfterEvents: null, renew: goOnAsNew },
      onWaiting: (queue: HostOperationStatus['queue']) =>
        show({ phase: queue ? 'queued' : 'working', queue }),
    };
    const result = await withTurn(options, work);
    show({ phase: 'ended', onHost: null });
    return result;
  } catch (error) {
    throw unwrapFailure(error);
  }
}

/**
 * Starts it on the host and follows it to its end; cancelled, it is stopped there.
 * @param whenLong called when the history is long; null: it goes on all the same
 */
export async function followToEnd(
  { followHostOperation, reportHostOperation, stopHostOperation }: Steps['patient'],
  one: Parameters<Activities['followHostOperation']>[0]['one'],
  show: (next: Partial<HostOperationStatus>) => void,
  whenLong: (() => Promise<never>) | null,
): Promise<HostOperationResult> {
  try {
    const unit = async (seconds: number): Promise<boolean> => {
      const { more, onHost } = await followHostOperation({ one, seconds });
      show({ onHost });
      return more;
    };
    const isLong = (): boolean => whenLong !== null && historyIsLong(null);
    if (!(await workUnits(LONGEST_SLICE_SECONDS, unit, isLong)) && whenLong !== null) return await whenLong();
    return await reportHostOperation({ one });
  } catch (error) {
    if (isCancellation(error)) {
      show({ phase: 'stopping' });
      await CancellationScope.nonCancellable(() => stopHostOperation({ one }));
    }
    throw error;
  }
}

function showing(kind: string): (next: Partial<HostOperationStatus>) => void {
  let status: HostOperationStatus = { phase: 'preflight', onHost: null, queue: null };
  setHandler(hostStatusQuery, () => status, {
    description: 'Phase of this operation, and what the mail host says of it. No input.',
  });
  return (next) => {
    status = { ...status, ...next };
    const { phase, queue, onHost } = status;
    const where =
      queue === null ? [] : [`- position ${queue.position} of ${queue.queued} in the operation queue`];
    const host = onHost === null ? [] : [`- on the mail host: \`${onHost}\``];
    setCurrentDetails([`**${kind}: ${phase}**`, '', ...where, ...host].join('\n'));
  };
}
