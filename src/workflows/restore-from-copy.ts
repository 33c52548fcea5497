/** Inside a changed Backup Path: accounts of a copy come back on the server that the copy belongs to. */
import {
  ActivityCancellationType,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import { HOST_INPUTS } from '../contracts/host-operations';
import { parseInput } from '../contracts/input';
import { settingText } from '../contracts/override';
import {
  restoreFromCopyInput,
  sameServerRestoreExample,
  type RestoredFromCopy,
  type RestoreFromCopyRequest,
  type RestoreFromCopyResult,
} from '../contracts/same-server-restore';
import { failureMessage, unwrapFailure } from './failure';
import { followToEnd } from './host-operations';
import { operationName } from './operation-name';
import { withOverride } from './override';
import { stepsOf } from './steps';
import { thisOperation, withTurn } from './turn';

const KIND = 'Restore from a copy';
const { waitUntilHostIsIdle } = proxyActivities<Activities>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});

interface Change {
  readonly slot: string;
  readonly key: string;
  readonly value: string;
  readonly what: string;
}

export async function restoreFromCopy(raw: RestoreFromCopyRequest): Promise<RestoreFromCopyResult> {
  const { turn, changes, ...input } = parseInput(restoreFromCopyInput, raw, {
    ...sameServerRestoreExample,
    changes: [],
  });
  const show = (text: string): void => setCurrentDetails(`**${KIND}**\n\n${text}`);
  const options = {
    ...{ kind: KIND, carry: turn, continueAsNewAfterEvents: null },
    onWaiting: (waiting: { position: number; queued: number } | null) => {
      if (waiting !== null) show(`Position ${waiting.position} of ${waiting.queued} in the operation queue.`);
    },
    renew: (held: typeof turn) => continueAsNew<typeof restoreFromCopy>({ ...raw, turn: held }),
  };
  const back: string[] = [];
  try {
    return await withTurn(options, async () => {
      const restored: RestoredFromCopy[] = [];
      const failures: { account: string; why: string }[] = [];
      // scanner and schedules first: what the host has begun ends before its path changes
      const path = changes.at(-1) as Change;
      await changed(changes.slice(0, -1), input.deadlineSeconds, back, async () => {
        show('Waits until nothing works on the mail host any more.');
        await waitUntilHostIsIdle();
        await changed([path], input.deadlineSeconds, back, async () => {
          for (const one of input.accounts) {
            show(
              `Restores ${one.account} as ${one.destinationAccount} (${restored.length} of ${input.accounts.length} done).`,
            );
            try {
              restored.push(await restoreOne(one));
            } catch (error) {
              if (isCancellation(error)) throw error;
              failures.push({ account: one.account, why: failureMessage(error) });
            }
          }
        });
      });
      show(back.join('\n'));
      return { restored, failures, back };
    });
  } catch (error) {
    throw unwrapFailure(error);
  }
}

/** One change inside the other; each goes back by itself, whatever happens. */
async function changed(
  [change, ...rest]: readonly Change[],
  deadlineSeconds: number,
  back: string[],
  body: () => Promise<void>,
): Promise<void> {
  if (change === undefined) return body();
  const { slot, key, value, what } = change;
  const { original, end } = await withOverride(
    { slot, key, wanted: { set: true, value }, deadlineSeconds },
    () => changed(rest, deadlineSeconds, back, body),
  );
  const how = end.outcome === 'pending' ? `could not be put back yet (${end.why})` : `is ${end.outcome}`;
  back.push(`${what} ${how}; it was ${settingText(original)}.`);
}

async function restoreOne({
  account,
  destinationAccount,
  date,
}: RestoreFromCopyRequest['accounts'][number]): Promise<RestoredFromCopy> {
  const { operationId, operationKey } = operationName();
  const input = HOST_INPUTS.restoreOnNewAccount.parse({ sourceAccount: account, destinationAccount, date });
  const { patient } = stepsOf(input);
  const one = {
    name: {
      operationId: `${operationId}/${destinationAccount}`,
      operationKey: `${operationKey} ${destinationAccount}`,
    },
    ...{ owner: thisOperation(), kind: KIND, operation: 'restoreOnNewAccount' as const, input },
  };
  const { hostOperation, reportDir } = await followToEnd(patient, one, () => undefined, null);
  return { account, destinationAccount, hostOperation, reportDir };
}
