/** External Restore: brings a Backup Path back into mailboxes. */
import {
  CancellationScope,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  log,
  patched,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import {
  externalRestoreExample,
  externalRestoreInput,
  type ExternalRestoreInput,
  type ExternalRestoreRequest,
  type ExternalRestoreResult,
} from '../contracts/external-restore';
import type { EngineChoice } from '../contracts/engine';
import { parseInput } from '../contracts/input';
import type { ReportStatus } from '../report/model';
import type { RestoreRequest } from '../restore/request';
import { carbonioRunbook } from './carbonio-engine';
import { failureMessage, unwrapFailure } from './failure';
import { historyIsLong } from './history';
import { RestoreState } from './restore-state';
import { retryInvalid } from './retry-invalid';
import { stepsOf, type Steps } from './steps';
import { thisOperation, turnOfAncestor, withTurn, type TurnOptions } from './turn';
import { inLanes, workUnits } from './work-units';

export { stepsOf };

interface Run extends Steps {
  /** What every step is told; the long lists of the input only until the work list holds them. */
  request: RestoreRequest;
  readonly state: RestoreState;
}

export async function externalRestore(raw: ExternalRestoreRequest): Promise<ExternalRestoreResult> {
  const input = parseInput(externalRestoreInput, raw, externalRestoreExample);
  return runRestore(input, (next) => continueAsNew<typeof externalRestore>({ ...raw, ...next }));
}

/** What a run tells the next one when it continues as new. */
export type NextRun = Pick<ExternalRestoreRequest, 'carry' | 'turn' | 'engineChoice'>;

/** @param goOnAsNew continues the workflow that the user started */
export async function runRestore(
  input: ExternalRestoreInput,
  goOnAsNew: (next: NextRun) => Promise<never>,
): Promise<ExternalRestoreResult> {
  const { carry, turn, turnOf, engineChoice, ...rest } = input;
  const { operationId, firstRunId } = thisOperation();
  const request: RestoreRequest = {
    operationId,
    operationKey: `${operationId} ${firstRunId}`,
    turn: turnOf ? turnOfAncestor(turnOf) : { operationId, firstRunId },
    input: rest,
  };
  const state = new RestoreState(carry);
  const run: Run = { request: carry ? plannedRequest(request, state) : request, state, ...stepsOf(input) };
  // what was begun before there was a choice goes on by the direct engine
  let choice: EngineChoice | undefined = engineChoice;
  const work = (next: typeof goOnAsNew): Promise<ExternalRestoreResult> =>
    choice?.engine === 'carbonio'
      ? carbonioRunbook({ ...run, notify: (what) => notify(run, what) }, choice.reason, next)
      : runbook(run, next);
  if (turnOf) {
    if (!carry && patched('engine-of-child'))
      choice = await run.patient.checkRestore({ request }).catch(rethrow);
    return work(goOnAsNew);
  }
  // restores that were started before there was a queue go on without a turn; the lock of the host holds for them too
  if (!patched('operation-queue')) return runbook(run, goOnAsNew);
  const options: TurnOptions = {
    kind: input.recovery?.operation ?? 'External Restore',
    carry: turn,
    onWaiting: (waiting) => state.waits(waiting),
    continueAsNewAfterEvents: input.advanced.continueAsNewAfterEvents,
    renew: (held) => goOnAsNew({ turn: held, ...(choice ? { engineChoice: choice } : {}) }),
  };
  try {
    // a mistake in the input is told before the operation waits
    if (!carry && !turn) choice = await run.patient.checkRestore({ request });
    return await withTurn(options, (held) => work((next) => goOnAsNew({ turn: held, ...next })));
  } catch (error) {
    throw unwrapFailure(error);
  }
}

function rethrow(error: unknown): never {
  throw unwrapFailure(error);
}

async function runbook(
  run: Run,
  goOnAsNew: (next: NextRun) => Promise<never>,
): Promise<ExternalRestoreResult> {
  const { input } = run.request;
  try {
    if (!run.state.isPlanned) {
      await preflight(run);
      await provision(run);
    }
    if (!input.provisioningOnly) {
      const finished = await restoreItems(run);
      if (!finished) return await goOnAsNew({ carry: run.state.carry() });
      await restoreExtras(run);
    }
    return await report(run);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    return await endEarly(run, error);
  }
}

async function preflight(run: Run): Promise<void> {
  const { request, state } = run;
  state.begin('preflight');
  state.planned(await run.patient.planRestore({ request }));
  run.request = plannedRequest(request, state);
  if (state.plan.notify) await notify(run, { event: 'started' });
}

/** The work list holds which accounts these are; a list of thousands need not travel into every step. */
function plannedRequest(request: RestoreRequest, state: RestoreState): RestoreRequest {
  return {
    ...request,
    ledgerId: state.plan.ledgerId,
    input: { ...request.input, accounts: [], domains: [] },
  };
}

async function provision(run: Run): Promise<void> {
  const { request, state } = run;
  state.begin('provisioning');
  const { notes: _notes, ...provisioned } = await run.patient.provisionTarget({ request });
  if (state.plan.notify) {
    await notify(run, {
      event: 'phase1',
      provisioned,
      itemsFollow: !request.input.provisioningOnly,
    });
  }
}

type NotifyEvent = Parameters<Activities['notify']>[0]['what'];

async function notify({ request, state, bounded }: Run, what: NotifyEvent): Promise<void> {
  try {
    state.notified(
      await bounded.notify({ request, startedAt: state.startedAt, target: state.plan.target, what }),
    );
  } catch (error) {
    if (isCancellation(error)) throw error;
    state.notified({ event: what.event, to: [], outcome: `not sent: ${failureMessage(error)}` });
  }
}

/** Lanes work side by side until nothing is left. Answers false when it is time to continue as new. */
async function restoreItems(run: Run): Promise<boolean> {
  const { request, state, patient } = run;
  state.begin('items');
  const { concurrentAccounts, advanced } = request.input;
  const unit = async (lane: number, seconds: number): Promise<boolean> => {
    const slice = await patient.restoreSlice({ request, lane, seconds });
    state.advanced(slice);
    if (slice.interrupted && state.plan.notify && state.firstOfInterruption())
      await notify(run, { event: 'interrupted' });
    return slice.more;
  };
  const isLong = (): boolean => historyIsLong(advanced.continueAsNewAfterEvents);
  return inLanes(concurrentAccounts, (lane) =>
    workUnits(advanced.sliceSeconds, (seconds) => unit(lane, seconds), isLong),
  );
}

async function restoreExtras({ request, state, patient }: Run): Promise<void> {
  state.begin('mountpoints and shares');
  while (!(await patient.restoreExtras({ request })));
}

async function report({ request, state, patient }: Run): Promise<ExternalRestoreResult> {
  await retryInvalid(request, state, (ending) => patient.writeReport({ request, ending, isDraft: true }));
  state.begin('report');
  const ending = state.ending('completed');
  const { dir, counters, status } = await patient.writeReport({ request, ending });
  state.begin('ended');
  const { source, restored, skipped, filtered, unrestored } = counters;
  const { target } = state.plan;
  const { operationId } = request;
  return { status, operationId, source, restored, skipped, filtered, unrestored, reportDir: dir, target };
}

/** Cancelled or failed: what was done stays, and is reported. */
async function endEarly({ request, state, bounded }: Run, error: unknown): Promise<never> {
  const status: ReportStatus = isCancellation(error) ? 'cancelled' : 'failed';
  if (state.isPlanned) {
    await CancellationScope.nonCancellable(async () => {
      const ending = state.ending(status, status === 'failed' ? failureMessage(error) : undefined);
      // the failure that ends the restore matters more than one of its report
      await bounded.writeReport({ request, ending }).catch((failure: unknown) => {
        log.warn('the report could not be written', { cause: failureMessage(failure) });
      });
    });
  }
  throw unwrapFailure(error);
}
