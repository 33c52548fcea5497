/** The steps of a restore, as its workflow calls them. */
import { ActivityCancellationType, type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { ExternalRestoreInput } from '../contracts/external-restore';

export interface Steps {
  /** What passes by itself (a source or target that is away, a full disk) is tried again for as long as it takes. */
  readonly patient: ActivityInterfaceFor<Activities>;
  /** Neither a mail nor the report of a failed restore may hold up its end for ever. */
  readonly bounded: ActivityInterfaceFor<Activities>;
}

/** Every step says by heartbeat that it lives; one of a dead worker is taken over after that time. */
export function stepsOf(input: {
  advanced: Pick<ExternalRestoreInput['advanced'], 'heartbeatSeconds'>;
}): Steps {
  const common = {
    heartbeatTimeout: input.advanced.heartbeatSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  };
  return {
    patient: proxyActivities<Activities>({
      ...common,
      startToCloseTimeout: '12 hours',
      // a killed worker is no reason to wait longer each time; failures say themselves how long (activities/failure.ts)
      retry: { initialInterval: '1 second', backoffCoefficient: 1 },
    }),
    bounded: proxyActivities<Activities>({
      ...common,
      startToCloseTimeout: '10 minutes',
      retry: { initialInterval: '1 second', maximumInterval: '5 seconds', maximumAttempts: 5 },
    }),
  };
}
