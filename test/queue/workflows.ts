/** The product's workflows, and small operations that take the turn as a restore does but only write a log. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  executeChild,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { ExternalRestoreRequest, ExternalRestoreResult } from '../../src/contracts/external-restore';
import type { TurnCarry, TurnOwner } from '../../src/contracts/operation-queue';
import { thisOperation, withTurn } from '../../src/workflows/turn';

export * from '../../src/workflows';

export interface TestInput {
  /** How long each step works. */
  ms: number;
  /** Each step ends sooner once this file is there. */
  until?: string;
  /** Default 1. */
  steps?: number;
  fail?: boolean;
  /** Continue as new after each step. */
  renew?: boolean;
  turn?: TurnCarry;
  /** Default `Test`. */
  kind?: string;
}

const { work } = proxyActivities<{
  work(input: { turn: TurnOwner; ms: number; until?: string }): Promise<void>;
}>({
  heartbeatTimeout: '2 seconds',
  startToCloseTimeout: '1 hour',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '100 milliseconds', backoffCoefficient: 1 },
});

export async function testOperation(input: TestInput): Promise<string> {
  const { ms, until, steps = 1, fail = false, renew = false, kind = 'Test' } = input;
  const options = {
    kind,
    carry: input.turn,
    onWaiting: () => undefined,
    continueAsNewAfterEvents: null,
    renew: (turn: TurnCarry) => continueAsNew<typeof testOperation>({ ...input, turn }),
  };
  return withTurn(options, async (turn) => {
    for (let step = 1; step <= steps; step++) {
      await work({ turn: thisOperation(), ms, ...(until ? { until } : {}) });
      if (renew && step < steps)
        await continueAsNew<typeof testOperation>({ ...input, steps: steps - step, turn });
    }
    if (fail) throw ApplicationFailure.nonRetryable('as the test wants', 'Test');
    return 'done';
  });
}

export const leaveSignal = defineSignal('leave');
export const endSignal = defineSignal('end');

/** A runbook that does not want its turn any more once it is told to leave, and goes on without one until it is told to end. */
export async function runbook(input: TestInput): Promise<string> {
  const inLine = new CancellationScope();
  let isOver = false;
  setHandler(leaveSignal, () => inLine.cancel());
  setHandler(endSignal, () => {
    isOver = true;
  });
  const inTurn = inLine.run(() => testOperation(input));
  await inTurn.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  await condition(() => isOver);
  return 'done';
}

/** What a restore with a retry of its invalid items is: a child that works in the turn of its parent. */
export async function restoreWithRetry(input: ExternalRestoreRequest): Promise<ExternalRestoreResult[]> {
  const options = {
    kind: 'Restore with retry',
    carry: undefined,
    onWaiting: () => undefined,
    continueAsNewAfterEvents: null,
    renew: (): Promise<never> => Promise.reject(ApplicationFailure.nonRetryable('not in this test')),
  };
  return withTurn(options, async () => {
    const results: ExternalRestoreResult[] = [];
    for (let n = 0; n < 2; n++) {
      results.push(
        (await executeChild('externalRestore', {
          args: [{ ...input, turnOf: thisOperation() }],
          workflowId: `${thisOperation().operationId}/child-${n}`,
        })) as ExternalRestoreResult,
      );
    }
    return results;
  });
}
