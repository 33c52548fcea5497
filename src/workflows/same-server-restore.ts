/** Accounts of a copy of the Backup Path come back on the server that the copy belongs to. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
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
import { accountRestoredSignal, restoreFromCopy } from './restore-from-copy';
import { numberedChild } from './numbered-child';
import { Runbook } from './runbook';

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
  const { planSameServer } = runbook.acts;
  const child = numberedChild();
  const done = new Map<string, RestoredFromCopy>();
  const isMissing = (one: { destinationAccount: string }): boolean => !done.has(one.destinationAccount);
  const isDone = (one: RestoredFromCopy): void => {
    // a signal may come from anybody
    if (!input.accounts.some(({ destinationAccount }) => destinationAccount === one?.destinationAccount))
      return;
    done.set(one.destinationAccount, one);
    runbook.file(one.reportDir);
  };
  // told one by one: what is restored stays so, also when the rest ends in a failure or is terminated
  setHandler(accountRestoredSignal, isDone, { description: 'From the restore; not for people.' });
  try {
    const { changes, text, serverId } = await runbook.step(
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
    let isBack = false;
    await runbook.optional(
      'restore',
      async () => {
        const { copyPath, deadlineSeconds, advanced } = input;
        const accounts = input.accounts.filter(isMissing);
        isBack = false;
        if (accounts.length === 0) {
          // only the path could not be put back: refused while it is still that of the copy
          await planSameServer({ copyPath });
          return ['The Backup Path is not that of the copy.'];
        }
        const request = { copyPath, deadlineSeconds, accounts, serverId, advanced };
        const { restored, failures, back, allBack } = await child(
          restoreFromCopy,
          'restore',
          request,
          runbook.shownBy('restore'),
        );
        restored.forEach(isDone);
        isBack = allBack;
        if (failures.length > 0) throw incomplete(failures, back);
        return back;
      },
      (back) => `${done.size} accounts restored. ${back.join(' ')}`,
    );
    // whether the host begins one by itself when its path changes is not known, so it is started
    if (isBack)
      await runbook.optional(
        'smartscan',
        () => child(smartScan, 'smart-scan', { advanced: input.advanced }),
        ({ status }) => status,
      );
    else
      runbook.skip(
        'smartscan',
        'not everything was seen to be back: run it when `lifeboat overrides list` is empty',
      );
    runbook.end('ended');
    const missing = input.accounts.filter(isMissing).map(({ account }) => account);
    const status = missing.length === 0 ? 'completed' : 'partial';
    return { status, operationId, restored: [...done.values()], missing };
  } catch (error) {
    runbook.end('ended before its end');
    throw unwrapFailure(error);
  }
}

const incomplete = (
  failures: readonly { account: string; why: string }[],
  back: readonly string[],
): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    `${failures.length} accounts could not be restored. ` +
      [...failures.map(({ account, why }) => `${account}: ${why}`), ...back].join(' '),
    'RestoreIncomplete',
  );
