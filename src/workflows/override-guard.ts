/** Puts a changed setting back when the operation that changed it has ended in any way, or its time is over. */
import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import { parseInput } from '../contracts/input';
import type { TurnOwner } from '../contracts/operation-queue';
import { overrideGuardInput, type OverrideGuardInput } from '../contracts/override';
import type { RevertOutcome } from '../overrides/model';
import { failureMessage } from './failure';

const { watchTurn } = proxyActivities<Activities>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});
const { revertOverride } = proxyActivities<Activities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // what it cannot put back now it can later: the server is down, or its answers are not understood
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/** From the operation: when its time is over, epoch milliseconds. */
export const untilSignal = defineSignal<[number]>('until');
/** From the operation, which has put the setting back itself. */
export const releaseSignal = defineSignal('release');

/** The operation cancels itself at its deadline; so long later it is not able to. */
const GRACE_MS = 30_000;

export const guardIdOf = ({ operationId, firstRunId }: TurnOwner, slot: string): string =>
  `override-guard/${slot}/${operationId}/${firstRunId}`;

export async function overrideGuard(raw: OverrideGuardInput): Promise<RevertOutcome> {
  const { slot, owner, cancelsOwner } = parseInput(overrideGuardInput, raw, {
    slot: 'lmtp-validator',
    owner: { operationId: 'x', firstRunId: '0' },
  });
  let released = false;
  let deadline: number | null = null;
  const show = (): void => {
    const time = deadline === null ? '' : `, and at ${new Date(deadline).toISOString()} at the latest`;
    setCurrentDetails(`Puts \`${slot}\` back when \`${owner.operationId}\` has ended${time}.`);
  };
  setHandler(
    untilSignal,
    (time) => {
      // after a reset of the operation it is told again, and what a person may send is no time
      if (typeof time === 'number') deadline = Math.min(deadline ?? time, time);
      show();
    },
    { description: 'From the operation; not for people.' },
  );
  setHandler(releaseSignal, () => void (released = true), {
    description:
      'From the operation: the setting is back. Not for people; cancel this workflow to put it back now.',
  });
  show();
  const waiting = new CancellationScope({ cancellable: true });
  try {
    const late = await waiting.run(() =>
      Promise.race([
        condition(() => released).then(() => false),
        ended(owner).then(() => false),
        condition(() => deadline !== null)
          .then(() => sleep(Math.max(1, (deadline ?? 0) + GRACE_MS - Date.now())))
          .then(() => true),
      ]),
    );
    if (late && cancelsOwner) await cancelOwner(owner);
  } catch (error) {
    // the operation was closed, or a person wants the setting back now
    if (!isCancellation(error)) log.error('the guard could not wait; the setting goes back now', { error });
  }
  waiting.cancel();
  return CancellationScope.nonCancellable(async () => {
    const end = await revertOverride({ owner, slot });
    if (end.outcome === 'left') log.warn('somebody else has changed the setting meanwhile', { slot });
    setCurrentDetails(`\`${slot}\`: ${end.outcome === 'nothing' ? 'it was back already' : end.outcome}.`);
    return end;
  });
}

/** Not able to watch is not ended: the deadline is there for that. */
async function ended(owner: TurnOwner): Promise<void> {
  try {
    await watchTurn(owner);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.error('the operation cannot be watched', { cause: failureMessage(error) });
    await condition(() => false);
  }
}

async function cancelOwner({ operationId }: TurnOwner): Promise<void> {
  try {
    await getExternalWorkflowHandle(operationId).cancel();
  } catch (error) {
    log.info('the operation could not be cancelled', { cause: failureMessage(error) });
    return;
  }
  await sleep(GRACE_MS);
}
