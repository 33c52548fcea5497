/**
 * Warns before the backup of a class of service or an account that is off is purged. For a daily Schedule: a run is short,
 * and what it must remember (since when, warned of what) is in a file of the state folder, which outlives every run.
 */
import {
  ActivityCancellationType,
  defineQuery,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { GuardLook } from '../activities/backup-enabled';
import {
  backupEnabledGuardExample,
  backupEnabledGuardInput,
  type BackupEnabledGuardRequest,
  type BackupEnabledGuardResult,
  type BackupEnabledGuardStatus,
} from '../contracts/backup-enabled';
import { parseInput } from '../contracts/input';
import { unwrapFailure } from './failure';

export const backupEnabledGuardStatusQuery = defineQuery<BackupEnabledGuardStatus>('status');

export async function backupEnabledGuard(
  raw: BackupEnabledGuardRequest | null | undefined,
): Promise<BackupEnabledGuardResult> {
  const input = parseInput(backupEnabledGuardInput, raw ?? {}, backupEnabledGuardExample);
  const { lookForBackupsOff, warnOfBackupsOff } = proxyActivities<Activities>({
    // a call of the mail host for each account
    startToCloseTimeout: '12 hours',
    heartbeatTimeout: input.heartbeatSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // the Schedule comes again
    retry: { initialInterval: '1 second', maximumAttempts: 5 },
  });
  let status: BackupEnabledGuardStatus = { phase: 'asking', off: null };
  setHandler(backupEnabledGuardStatusQuery, () => status, {
    description: 'Phase, and how many backups are off. No input.',
  });
  const show = (next: BackupEnabledGuardStatus, lines: readonly string[] = []): void => {
    status = next;
    setCurrentDetails(
      [`**Backups that are off: ${next.off ?? '…'} (${next.phase})**`, '', ...lines].join('\n'),
    );
  };
  try {
    show(status);
    const { off, due, first, record } = await lookForBackupsOff({ input });
    show({ phase: 'warning', off }, linesOf(first, off));
    const mail = due === 0 ? null : await warnOfBackupsOff({ input });
    show({ phase: 'ended', off }, [...linesOf(first, off), ...(mail === null ? [] : ['', `Mail: ${mail}`])]);
    return { off, warned: mail?.startsWith('sent') ? due : 0, mail, first, record };
  } catch (error) {
    throw unwrapFailure(error);
  }
}

function linesOf(first: GuardLook['first'], off: number): string[] {
  const lines = first.map(({ scope, name, purgeFrom, daysLeft }) => {
    const end =
      purgeFrom === null
        ? 'never purged'
        : `purged from ${purgeFrom.slice(0, 10)} on (${daysLeft ?? 0} days)`;
    return `- ${scope} \`${name.replaceAll('`', "'")}\`: ${end}`;
  });
  return off > first.length ? [...lines, `- … and ${off - first.length} more`] : lines;
}
