/** Runs something while a setting of the host is changed, and puts the setting back whatever happens. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  proxyActivities,
  startChild,
  type SignalDefinition,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Activities } from '../activities';
import { explain } from '../failures';
import type { Applied } from '../activities/override';
import type { Setting } from '../contracts/override';
import type { RevertOutcome } from '../overrides/model';
import { failureMessage, typeOf } from './failure';
import { guardIdOf, overrideGuard, releaseSignal, untilSignal } from './override-guard';
import { thisOperation } from './turn';

/** Of every step that changes a setting, or puts it back. */
export const overrideStep = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const;
const { applyOverride } = proxyActivities<Activities>({
  ...overrideStep,
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});
const { revertOverride } = proxyActivities<Activities>({
  ...overrideStep,
  // then the guard goes on with it, for as long as it takes
  scheduleToCloseTimeout: '5 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '5 seconds' },
});

/** What waits for another change to go back is asked once: its guard goes on with it too. */
const { revertOverride: revertOnce } = proxyActivities<Activities>({
  ...overrideStep,
  scheduleToCloseTimeout: '5 minutes',
  retry: { maximumAttempts: 1 },
});

export interface OverrideSpec {
  /** Two changes in one slot exclude each other. */
  readonly slot: string;
  readonly key: string;
  readonly wanted: Setting;
  readonly deadlineSeconds: number;
}

/** How the setting went back. `pending`: on disk, or not even that; the guard goes on with it. */
export type OverrideEnd = RevertOutcome | { readonly outcome: 'pending'; readonly why: string };

export interface Overridden<T> {
  readonly result: T;
  readonly original: Setting;
  readonly end: OverrideEnd;
}

/**
 * Four layers see to the way back: the journal that is written before the change, a guard (a child that outlives this
 * workflow and watches it), this function's own way out, and the watchdog. At the deadline `body` is cancelled first.
 * It must not continue as new.
 */
export async function withOverride<T>(
  { slot, key, wanted, deadlineSeconds }: OverrideSpec,
  body: (applied: Applied) => Promise<T>,
): Promise<Overridden<T>> {
  const owner = thisOperation();
  await startGuard(slot);
  let done: { readonly result: T; readonly original: Setting };
  try {
    // another change is waited for, so only then does the time begin
    const applied = await applyOverride({ owner, slot, key, wanted, deadlineSeconds });
    await tellGuard(slot, untilSignal, applied.deadline);
    const result = await before(applied.deadline, () => body(applied), expired(key, deadlineSeconds));
    done = { result, original: applied.original };
  } catch (error) {
    const revert = typeOf(error) === 'OverrideNotBack' ? revertOnce : revertOverride;
    await CancellationScope.nonCancellable(() => goBack(slot, revert));
    throw error;
  }
  const end = await CancellationScope.nonCancellable(() => goBack(slot));
  return { ...done, end };
}

/** Cancels `body` at the deadline, waits for its end, and then throws `late`. */
async function before<T>(deadline: number, body: () => Promise<T>, late: ApplicationFailure): Promise<T> {
  const outer = CancellationScope.current();
  const within = new CancellationScope({ cancellable: true, timeout: Math.max(1, deadline - Date.now()) });
  try {
    return await within.run(body);
  } catch (error) {
    if (isCancellation(error) && within.consideredCancelled && !outer.consideredCancelled) throw late;
    throw error;
  }
}

/**
 * After a reset the guard of the runs before is there: its name is that of the whole chain.
 * @param life `chain`: the change outlives this run when that continues as new
 */
export async function startGuard(slot: string, life: 'run' | 'chain' = 'run'): Promise<void> {
  const owner = thisOperation();
  try {
    await startChild(overrideGuard, {
      workflowId: guardIdOf(owner, slot),
      args: [{ slot, owner, ...(life === 'chain' ? { cancelsOwner: false } : {}) }],
      // the server asks a child to end also when its parent continues as new: then only what it watches counts
      parentClosePolicy: life === 'chain' ? ParentClosePolicy.ABANDON : ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `Puts ${slot} back when ${owner.operationId} has ended`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    log.info('the guard of this operation is there already', { slot });
  }
}

/** Tells what became of it, and never fails. */
export async function goBack(slot: string, revert = revertOverride): Promise<OverrideEnd> {
  const owner = thisOperation();
  let end: OverrideEnd;
  try {
    end = await revert({ owner, slot });
  } catch (error) {
    const why = failureMessage(error);
    log.error('the setting could not be put back; the guard goes on with it', { slot, why });
    end = { outcome: 'pending', why };
  }
  if (end.outcome === 'left')
    log.warn('somebody else has changed the setting meanwhile; it stays as it is', { slot });
  await tellGuard(slot, releaseSignal);
  return end;
}

export async function tellGuard<A extends unknown[]>(
  slot: string,
  signal: SignalDefinition<A>,
  ...args: A
): Promise<void> {
  try {
    await getExternalWorkflowHandle(guardIdOf(thisOperation(), slot)).signal(signal, ...args);
  } catch (error) {
    if (isCancellation(error)) throw error;
    // it has ended already: by the deadline, or because somebody ended it; there are other layers
    log.warn('the guard is gone', { slot, cause: failureMessage(error) });
  }
}

function expired(key: string, seconds: number): ApplicationFailure {
  const what = `${key} was changed for ${seconds} seconds, and the work was not done by then.`;
  return ApplicationFailure.nonRetryable(explain('OverrideExpired', what), 'OverrideExpired');
}
