/** Inside a changed Backup Path: accounts of a copy come back on the server that the copy belongs to. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { z } from 'zod';
import type { Activities } from '../activities';
import { HOST_INPUTS } from '../contracts/host-operations';
import { parseInput } from '../contracts/input';
import { PATH_SLOT, settingText } from '../contracts/override';
import {
  restoreFromCopyExample,
  restoreFromCopyInput,
  type RestoredFromCopy,
  type RestoreFromCopyRequest,
  type RestoreFromCopyResult,
} from '../contracts/same-server-restore';
import type { RunbookTuning } from '../contracts/runbook';
import { explain } from '../failures';
import type { Change } from '../recovery/same-server';
import { failureMessage, typeOf, unwrapFailure } from './failure';
import { followToEnd } from './host-operations';
import { operationName } from './operation-name';
import { withOverride } from './override';
import { runbookSteps } from './runbook';
import { stepsOf } from './steps';
import { thisOperation, withTurn } from './turn';

const KIND = 'Restore from a copy';
const { waitUntilHostIsIdle } = proxyActivities<Activities>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});

/** To the runbook: so much is done, whatever becomes of the rest. */
export const accountRestoredSignal = defineSignal<[RestoredFromCopy]>('accountRestored');

/** After these nothing of it works on the mail host any more, or ever did. */
const IS_OVER: ReadonlySet<string> = new Set([
  'HostOperationFailed',
  'NeedsOperator',
  'InvalidInput',
  'CommandMissing',
]);
/** The guard of the path waits so long after the deadline. */
const GRACE_MS = 30_000;
const LOOK_AGAIN_MS = 30_000;

export async function restoreFromCopy(raw: RestoreFromCopyRequest): Promise<RestoreFromCopyResult> {
  const { turn, serverId, ...input } = parseInput(restoreFromCopyInput, raw, restoreFromCopyExample);
  const options = {
    ...{ kind: KIND, carry: turn, continueAsNewAfterEvents: null },
    onWaiting: (waiting: { position: number; queued: number } | null) => {
      if (waiting !== null) show(`Position ${waiting.position} of ${waiting.queued} in the operation queue.`);
    },
    renew: (held: typeof turn) => continueAsNew<typeof restoreFromCopy>({ ...raw, turn: held }),
  };
  try {
    return await withTurn(options, async () => {
      // what a person was shown may be hours old
      const { planSameServer } = runbookSteps(input.advanced.heartbeatSeconds);
      const { changes, ...plan } = await planSameServer({ copyPath: input.copyPath });
      if (plan.serverId !== serverId) throw otherServer(input.copyPath);
      return await new Work(input, changes).run();
    });
  } catch (error) {
    throw unwrapFailure(error);
  }
}

const show = (text: string): void => setCurrentDetails(`**${KIND}**\n\n${text}`);

class Work {
  private readonly restored: RestoredFromCopy[] = [];
  private readonly failures: { account: string; why: string }[] = [];
  private readonly back: string[] = [];
  private allBack = true;

  constructor(
    private readonly input: Omit<z.output<typeof restoreFromCopyInput>, 'turn' | 'serverId'>,
    private readonly changes: readonly Change[],
  ) {}

  async run(): Promise<RestoreFromCopyResult> {
    // scanner and schedules first: what the host has begun ends before its path changes
    const path = this.changes.at(-1) as Change;
    await this.changed(this.changes.slice(0, -1), async () => {
      show('Waits until nothing works on the mail host any more.');
      await waitUntilHostIsIdle();
      await this.changed([path], (deadline) => this.restoreAll(deadline));
    });
    const { restored, failures, back, allBack } = this;
    show(back.join('\n'));
    return { restored, failures, back, allBack };
  }

  /** One change inside the other; each goes back by itself, whatever happens. */
  private async changed(
    [change, ...rest]: readonly Change[],
    body: (deadline: number) => Promise<void>,
    deadline = Infinity,
  ): Promise<void> {
    if (change === undefined) return body(deadline);
    const { slot, key, value, what } = change;
    const { deadlineSeconds } = this.input;
    const { original, end } = await withOverride(
      { slot, key, wanted: { set: true, value }, deadlineSeconds },
      (applied) => this.changed(rest, body, applied.deadline),
    );
    const how = end.outcome === 'pending' ? `could not be put back yet (${end.why})` : `is ${end.outcome}`;
    this.back.push(`${what} ${how}; it was ${settingText(original)}.`);
    if (end.outcome !== 'reverted' && end.outcome !== 'nothing') this.allBack = false;
    // what was changed around it must not go back then
    if (end.outcome === 'pending' && slot === PATH_SLOT)
      throw ApplicationFailure.nonRetryable(this.back.join(' '), 'OverrideNotBack');
  }

  private async restoreAll(deadline: number): Promise<void> {
    const { accounts, advanced } = this.input;
    for (const [at, one] of accounts.entries()) {
      show(
        `Restores ${one.account} as ${one.destinationAccount} (${this.restored.length} of ${accounts.length} done).`,
      );
      try {
        const done = await restoreOne(one, advanced);
        this.restored.push(done);
        await tellRunbook(done);
      } catch (error) {
        const type = typeOf(error);
        if (!IS_OVER.has(type)) await untilNothingWorks(deadline);
        if (CancellationScope.current().consideredCancelled) throw error;
        this.failures.push({ account: one.account, why: failureMessage(error) });
        // a command that was refused has begun nothing; after anything else nobody knows what comes of the next
        if (IS_OVER.has(type) || type === 'CommandFailed') continue;
        const why = `It was not begun: what became of ${one.account} is not known.`;
        this.failures.push(...accounts.slice(at + 1).map(({ account }) => ({ account, why })));
        return;
      }
    }
  }
}

/**
 * The path does not go back under something that may still work in the copy, also when it is cancelled; at its deadline it
 * does all the same.
 */
async function untilNothingWorks(deadline: number): Promise<void> {
  show('What works on the mail host is waited for, before the Backup Path goes back.');
  const limit = Math.max(GRACE_MS, deadline - Date.now());
  await CancellationScope.nonCancellable(() =>
    CancellationScope.withTimeout(limit, async () => {
      for (;;) {
        try {
          return await waitUntilHostIsIdle();
        } catch (error) {
          if (isCancellation(error)) return log.warn('something may still work in the copy');
          log.warn('whether the mail host is idle is not known', { cause: failureMessage(error) });
        }
        if (!(await paused(LOOK_AGAIN_MS))) return;
      }
    }),
  );
}

/** Answers false when it was cut short. */
const paused = (ms: number): Promise<boolean> =>
  sleep(ms).then(
    () => true,
    () => false,
  );

async function tellRunbook(done: RestoredFromCopy): Promise<void> {
  const { parent } = workflowInfo();
  if (!parent) return;
  try {
    await getExternalWorkflowHandle(parent.workflowId).signal(accountRestoredSignal, done);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the runbook could not be told', { cause: failureMessage(error) });
  }
}

const otherServer = (path: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    explain('CopyRefused', `${path} is of another server than when it was looked at.`),
    'CopyRefused',
  );

async function restoreOne(
  { account, destinationAccount, date }: RestoreFromCopyRequest['accounts'][number],
  advanced: RunbookTuning,
): Promise<RestoredFromCopy> {
  const { operationId, operationKey } = operationName();
  const input = HOST_INPUTS.restoreOnNewAccount.parse({
    ...{ sourceAccount: account, destinationAccount, date, advanced },
  });
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
