/** Puts back what was changed on this host and forgotten. For a Schedule: it survives what operations and guards do not. */
import { ActivityCancellationType, log, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { parseInput } from '../contracts/input';
import {
  overrideWatchdogExample,
  overrideWatchdogInput,
  type OverrideWatchdogRequest,
} from '../contracts/override';
import type { Reviewed } from '../overrides/review';
import { unwrapFailure } from './failure';

const { reviewOverrides } = proxyActivities<Activities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // the Schedule comes again
  retry: { maximumAttempts: 3 },
});

export interface OverrideWatchdogResult {
  /** One for each change that is on record. */
  readonly overrides: readonly Reviewed[];
}

export async function overrideWatchdog(raw: OverrideWatchdogRequest): Promise<OverrideWatchdogResult> {
  parseInput(overrideWatchdogInput, raw ?? {}, overrideWatchdogExample);
  try {
    const overrides = await reviewOverrides();
    for (const one of overrides)
      if (one.outcome !== 'held' || one.unknown !== undefined)
        log.warn('an override was on record', { ...one });
    setCurrentDetails(
      overrides.length === 0
        ? 'Nothing is changed on this host.'
        : overrides.map(({ slot, outcome }) => `- \`${slot}\`: ${outcome}`).join('\n'),
    );
    return { overrides };
  } catch (error) {
    throw unwrapFailure(error);
  }
}
