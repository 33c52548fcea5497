/** Switches the backup of a class of service or an account. At once: configuration never waits in the operation queue. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  defineQuery,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import {
  consequenceText,
  purgeFrom,
  setBackupEnabledExample,
  setBackupEnabledInput,
  stateText,
  type SetBackupEnabledRequest,
  type SetBackupEnabledResult,
  type SetBackupEnabledStatus,
} from '../contracts/backup-enabled';
import { parseInput } from '../contracts/input';
import { explain } from '../failures';
import { unwrapFailure } from './failure';

export const setBackupEnabledStatusQuery = defineQuery<SetBackupEnabledStatus>('status');

const { readBackupEnabled, changeBackupEnabled } = proxyActivities<Activities>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', maximumAttempts: 10 },
});

export async function setBackupEnabled(raw: SetBackupEnabledRequest): Promise<SetBackupEnabledResult> {
  const input = parseInput(setBackupEnabledInput, raw, setBackupEnabledExample);
  const { scope, name, enabled, confirm } = input;
  let status: SetBackupEnabledStatus = { phase: 'reading', previous: null };
  setHandler(setBackupEnabledStatusQuery, () => status, {
    description: 'Phase, and what held before. No input.',
  });
  const show = (next: Partial<SetBackupEnabledStatus>, more: readonly string[] = []): void => {
    status = { ...status, ...next };
    const before = status.previous === null ? [] : [`- before: ${stateText(status.previous)}`];
    setCurrentDetails(
      [`**Backup of ${scope} \`${name}\`: ${status.phase}**`, '', ...before, ...more].join('\n'),
    );
  };
  try {
    show({});
    const { state: previous, retention, offSince } = await readBackupEnabled({ scope, name });
    // what was off before, by itself or with its class, is purged earlier than what is switched off now
    const since = offSince ?? Date.now();
    show({ phase: 'changing', previous });
    const isOff = !(enabled ?? previous.inherited);
    if (isOff && !confirm) {
      const what = consequenceText(scope, name, retention, since);
      throw ApplicationFailure.create({
        type: 'ConfirmationNeeded',
        nonRetryable: true,
        message: explain('ConfirmationNeeded', `It is ${stateText(previous)}. ${what}`),
      });
    }
    const now =
      previous.own === enabled
        ? previous
        : await changeBackupEnabled({ ...input, ...(offSince ? { since } : {}) });
    const until = now.effective ? null : purgeFrom(since, retention);
    const consequence = now.effective ? null : consequenceText(scope, name, retention, since);
    show({ phase: 'ended' }, [
      `- now: ${stateText(now)}`,
      ...(consequence === null ? [] : ['', consequence]),
    ]);
    return {
      ...{ status: now === previous ? 'unchanged' : 'changed', previous, now, consequence },
      purgeFrom: until === null ? null : new Date(until).toISOString(),
    };
  } catch (error) {
    throw unwrapFailure(error);
  }
}
