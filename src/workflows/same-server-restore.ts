/** Accounts of a copy of the Backup Path come back on the server that the copy belongs to. */
import { ApplicationFailure } from '@temporalio/workflow';
import { parseInput } from '../contracts/input';
import {
  sameServerRestoreExample,
  sameServerRestoreInput,
  type RestoredFromCopy,
  type SameServerRestoreRequest,
  type SameServerRestoreResult,
} from '../contracts/same-server-restore';
import { unwrapFailure } from './failure';
import { smartScan } from './host-operations';
import { operationName } from './operation-name';
import { restoreFromCopy } from './restore-from-copy';
import { numberedChild, Runbook, runbookSteps } from './runbook';

const { planSameServer } = runbookSteps();

export async function sameServerRestore(raw: SameServerRestoreRequest): Promise<SameServerRestoreResult> {
  const input = parseInput(sameServerRestoreInput, raw, sameServerRestoreExample);
  const { operationId } = operationName();
  const runbook = new Runbook({
    title: 'Restore to the same server',
    steps: [
      ['check', 'The copy belongs to this server'],
      ['confirm', 'What will be changed meanwhile'],
      ['restore', 'Scanner and schedules off, path changed, accounts restored, all back'],
      ['smartscan', 'SmartScan'],
    ],
    ...input,
  });
  const child = numberedChild();
  try {
    const { changes, text } = await runbook.step(
      'check',
      () => planSameServer({ copyPath: input.copyPath }),
      (plan) => plan.text,
    );
    await runbook.step(
      'confirm',
      () =>
        runbook.ask('confirm', {
          text: `${text} Until it is done:\n${changes.map(({ what, value }) => `- ${what}: ${value}`).join('\n')}`,
        }),
      () => 'confirmed',
    );
    const done: RestoredFromCopy[] = [];
    await runbook.step(
      'restore',
      async () => {
        const accounts = input.accounts.filter(
          ({ destinationAccount }) => !done.some((one) => one.destinationAccount === destinationAccount),
        );
        const { copyPath, deadlineSeconds } = input;
        const result = await child(restoreFromCopy, 'restore', {
          copyPath,
          deadlineSeconds,
          accounts,
          changes: [...changes],
        });
        done.push(...result.restored);
        for (const { reportDir } of result.restored) runbook.file(reportDir);
        if (result.failures.length === 0) return result.back;
        const failed = result.failures.map(({ account, why }) => `${account}: ${why}`).join(' ');
        throw ApplicationFailure.nonRetryable(
          `${result.failures.length} accounts could not be restored. ${failed} ${result.back.join(' ')}`,
          'RestoreIncomplete',
        );
      },
      (back) => `${done.length} accounts restored. ${back.join(' ')}`,
    );
    // whether the host begins one by itself when its path changes is not known, so it is started
    await runbook.optional(
      'smartscan',
      () => child(smartScan, 'smart-scan', {}),
      ({ status }) => status,
    );
    runbook.end('ended');
    return { status: 'completed', operationId, restored: done };
  } catch (error) {
    runbook.end('ended before its end');
    throw unwrapFailure(error);
  }
}
