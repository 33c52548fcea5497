/** The phases of an External Restore when the mail host's own Backup module does the work. */
import {
  ApplicationFailure,
  CancellationScope,
  ContinueAsNew,
  isCancellation,
  log,
  patched,
  type ActivityInterfaceFor,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { NotifyEvent } from '../activities/restore';
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
  readonly notify: (what: NotifyEvent) => Promise<void>;
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
    // only a run whose accounts are made continues as new
    const isFirst = !state.isPlanned;
    await pauses.begin(isFirst ? await preflight(run, reason) : []);
    const finished = await restore(run, isFirst);
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
  { request, state, patient, notify }: HostRun,
  reason: string,
): Promise<readonly Pause[]> {
  state.begin('preflight');
  const { pauses, ...plan } = await patient.planOnHost({ request, reason });
  state.planned(plan);
  if (state.plan.notify) await notify({ event: 'started' });
  return pauses ?? [];
}

/** Accounts first, then items. Answers false when it is time to continue as new. */
async function restore(run: HostRun, isFirst: boolean): Promise<boolean> {
  const { request, state, patient } = run;
  const { sliceSeconds, continueAsNewAfterEvents } = request.input.advanced;
  let provisioned = false;
  state.begin('provisioning');
  const unit = async (seconds: number): Promise<boolean> => {
    const slice = await patient.restoreOnHost({ request, seconds });
    state.advanced(slice);
    state.worksOnHost(slice.onHost);
    if (slice.provisioned && !provisioned) {
      provisioned = true;
      state.begin('items');
      if (isFirst) await tellPhase1(run);
    }
    return slice.more;
  };
  return workUnits(sliceSeconds, unit, () => provisioned && historyIsLong(continueAsNewAfterEvents));
}

/** People can work from now on. What the host has made is in its own feedback. */
async function tellPhase1({ request, state, notify }: HostRun): Promise<void> {
  const { skipAccountProvisioning, skipDomainProvisioning, provisioningOnly } = request.input;
  if (!state.plan.notify || (skipAccountProvisioning && skipDomainProvisioning)) return;
  if (!patched('phase1-of-host')) return;
  await notify({ event: 'phase1', provisioned: null, itemsFollow: !provisioningOnly });
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
