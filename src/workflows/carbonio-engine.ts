/** The phases of an External Restore when the mail host's own Backup module does the work. */
import {
  ApplicationFailure,
  CancellationScope,
  ContinueAsNew,
  isCancellation,
  log,
  type ActivityInterfaceFor,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { Pause } from '../contracts/engine';
import type { ExternalRestoreRequest, ExternalRestoreResult } from '../contracts/external-restore';
import { explain } from '../failures';
import type { RestoreRequest } from '../restore/request';
import { failureMessage, unwrapFailure } from './failure';
import { historyIsLong } from './history';
import { Pauses } from './pauses';
import type { RestoreState } from './restore-state';
import { retryInvalid } from './retry-invalid';
import { workUnits } from './work-units';

export interface HostRun {
  request: RestoreRequest;
  readonly state: RestoreState;
  readonly patient: ActivityInterfaceFor<Activities>;
  readonly bounded: ActivityInterfaceFor<Activities>;
  readonly notifyStarted: () => Promise<void>;
}
/** With what is otherwise on the mail host meanwhile. */
type PausedRun = HostRun & { readonly pauses: Pauses };

export async function carbonioRunbook(
  unpaused: HostRun,
  reason: string,
  goOnAsNew: (next: Partial<ExternalRestoreRequest>) => Promise<never>,
): Promise<ExternalRestoreResult> {
  const { state } = unpaused;
  const pauses = new Pauses(state.carriedPauses);
  const run: PausedRun = { ...unpaused, pauses };
  try {
    await pauses.begin(state.isPlanned ? [] : await preflight(run, reason));
    const finished = await restore(run);
    if (!finished) {
      const carry = { ...state.carry(), pauses: await pauses.carry() };
      return await goOnAsNew({ carry, engineChoice: { engine: 'carbonio', reason } });
    }
    await pauses.end();
    return await report(run);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    return await endEarly(run, error);
  }
}

/** Answers what is to be otherwise on the mail host while it restores; planned by an earlier release: nothing. */
async function preflight(
  { request, state, patient, notifyStarted }: HostRun,
  reason: string,
): Promise<readonly Pause[]> {
  state.begin('preflight');
  const { pauses, ...plan } = await patient.planOnHost({ request, reason });
  state.planned(plan);
  if (state.plan.notify) await notifyStarted();
  return pauses ?? [];
}

/** Accounts first, then items. Answers false when it is time to continue as new. */
async function restore({ request, state, patient }: HostRun): Promise<boolean> {
  const { sliceSeconds, continueAsNewAfterEvents } = request.input.advanced;
  let provisioned = false;
  state.begin('provisioning');
  const unit = async (seconds: number): Promise<boolean> => {
    const slice = await patient.restoreOnHost({ request, seconds });
    state.advanced(slice);
    state.worksOnHost(slice.onHost);
    provisioned = slice.provisioned;
    if (provisioned) state.begin('items');
    return slice.more;
  };
  return workUnits(sliceSeconds, unit, () => provisioned && historyIsLong(continueAsNewAfterEvents));
}

async function report({ request, state, patient, pauses }: PausedRun): Promise<ExternalRestoreResult> {
  await retryInvalid(request, state, (ending) => patient.reportOnHost({ request, ending, isDraft: true }));
  state.begin('report');
  const { dir, counters, status, failure } = await patient.reportOnHost({
    request,
    ending: state.ending('completed'),
    notes: pauses.notes,
  });
  state.begin('ended');
  if (failure !== null) {
    const message = explain('NeedsOperator', `${failure} The report: ${dir}.`);
    throw ApplicationFailure.nonRetryable(message, 'NeedsOperator', { reportDir: dir });
  }
  const { source, restored, skipped, filtered, unrestored } = counters;
  const { operationId } = request;
  const { target } = state.plan;
  return { status, operationId, source, restored, skipped, filtered, unrestored, reportDir: dir, target };
}

/**
 * Cancelled: what works on the host is stopped. Failed: it is left alone, and whoever is next waits for it. Then settings
 * go back.
 */
async function endEarly(run: PausedRun, error: unknown): Promise<never> {
  const { request, state, bounded, pauses } = run;
  let end = error;
  if (state.isPlanned && state.status().phase !== 'ended') {
    await CancellationScope.nonCancellable(async () => {
      if (isCancellation(error)) end = await stopped(run, error);
      await pauses.end();
      const ending = isCancellation(end)
        ? state.ending('cancelled')
        : state.ending('failed', failureMessage(end));
      await bounded.reportOnHost({ request, ending, notes: pauses.notes }).catch((failure: unknown) => {
        // the failure that ends the restore matters more than one of its report
        log.warn('the report could not be written', { cause: failureMessage(failure) });
      });
    });
  }
  throw unwrapFailure(end);
}

/** Answers the cancellation, or why it cannot be said that nothing works on the host any more. */
async function stopped({ request, state, patient }: HostRun, cancellation: unknown): Promise<unknown> {
  state.begin('stopping');
  try {
    await patient.stopOnHost({ request });
    return cancellation;
  } catch (failure) {
    return failure;
  }
}
