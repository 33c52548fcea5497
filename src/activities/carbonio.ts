/** Activities of the mail host's own engine, and of what it leaves working there. */
import { activityInfo, cancellationSignal, log, sleep } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { openCarbonioHost } from '../carbonio/host';
import { getAllOperations } from '../carbonio/cli/operations';
import { everyOperation, findStarted, isSettled, notOurs } from '../carbonio-restore/find-started';
import {
  hostReportDir,
  isServed,
  planHostRestore,
  restoreOnHost,
  stopOnHost,
  type HostRestoreEnv,
  type HostSlice,
} from '../carbonio-restore/host-restore';
import { shownOf } from '../carbonio-restore/progress';
import { factsForReport } from '../carbonio-restore/facts';
import { mailServerName } from '../carbonio-restore/mailstores';
import { StepJournal } from '../carbonio-restore/journal';
import {
  followHostOperation,
  reportHostOperation,
  stopHostOperation,
  type HostOperation,
} from '../carbonio-restore/host-operations';
import type { Config } from '../config';
import type { HostOperationResult } from '../contracts/host-operations';
import type { TurnOwner } from '../contracts/operation-queue';
import { Problem } from '../failures';
import type { LockOwner } from '../host/lock-record';
import type { OnHostRecord } from '../host/on-host';
import { asAccounts } from '../restore/chosen';
import { runInThread } from '../restore/in-thread';
import { beating } from './beating';
import { toFailure } from './failure';
import { hostLog } from './host-log';
import type { HostWork } from './host-work';
import {
  createMails,
  step,
  turnOf,
  type FinishedReport,
  type PlannedRestore,
  type ReportStep,
  type RestoreStep,
} from './restore';

const ORPHAN_WAIT_MS = 15_000;
/** So long after the end of its call a command may still start something. */
const ORPHAN_SETTLE_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

export interface OwnedOperation {
  readonly one: HostOperation & { readonly owner: TurnOwner; readonly kind: string };
}
export interface FollowedOperation {
  readonly more: boolean;
  readonly onHost: string | null;
}

const turnOfOne = ({ owner, kind }: OwnedOperation['one']) => ({ ...owner, kind });

/** Why the mail host cannot restore; null when it can. */
export type AskHost = () => Promise<string | null>;

export function createCarbonio(config: Config, work: HostWork) {
  const { cli, localConfig } = openCarbonioHost(config.carbonio, config, hostLog(log));
  const mails = createMails(config);

  const envOf = (turn: TurnOwner): HostRestoreEnv => {
    const owner = work.ownerOf(turn);
    const { realm, operationId, firstRunId } = owner;
    return {
      ...{ cli, host: config.host, stateDir: config.stateDir, signal: cancellationSignal() },
      serverName: () => mailServerName(localConfig, config.host),
      onHost: (id, journal) =>
        id === null
          ? work.onHost.clear(owner)
          : work.onHost.write({ realm, operationId, firstRunId, id, journal }),
    };
  };

  /** What another operation has left working on the host is waited for; its end is seen by the host's own list. */
  work.waitForOrphan = async (owner: LockOwner, onWaiting): Promise<void> => {
    const until = Date.now() + ORPHAN_WAIT_MS;
    for (let looks = 0; ; looks++) {
      const left = work.onHost.ofOther(owner);
      if (left === null) return;
      if (!(await stillWorks(left))) return work.onHost.clear(left);
      const what = `On the mail host the operation ${left.id || '(not known)'} of ${left.operationId} still works.`;
      if (looks === 0) onWaiting(what);
      if (Date.now() > until) {
        throw new Problem('HostBusy', `${what} \`carbonio backup doStopOperation ${left.id}\` ends it.`, {
          id: left.id,
        });
      }
      await sleep(LOOK_EVERY_MS);
    }
  };

  async function stillWorks({ id, journal }: OnHostRecord): Promise<boolean> {
    const works = async (wanted: string): Promise<boolean> =>
      (await getAllOperations(cli)).operations.some((one) => one.id.toLowerCase() === wanted);
    if (id !== '') return works(id);
    const asked = new StepJournal(journal).read();
    const attempt = asked?.attempts.at(-1);
    if (!asked || !attempt) return false;
    const isOver = isSettled(attempt, ORPHAN_SETTLE_MS, cli.timeoutMs);
    const found = findStarted(await everyOperation(cli), asked, notOurs(asked.attempts));
    return found === null ? !isOver : works(found);
  }

  async function guarded<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      if (error instanceof CancelledFailure || cancellationSignal().aborted)
        throw new CancelledFailure('cancelled');
      throw toFailure(error);
    }
  }

  const working = <T>(
    turn: TurnOwner & { readonly kind: string },
    body: (tell: (what: string) => void) => Promise<T>,
  ): Promise<T> => beating((tell) => guarded(() => work.during(turn, null, tell, () => body(tell))));

  const ask: AskHost = () => isServed(cli, cancellationSignal());

  return {
    ask,
    cli,
    activities: {
      /** Reads the source, looks at the mail host, and writes the plan. Changes nothing anywhere else. */
      async planOnHost({ request, reason }: RestoreStep & { reason: string }): Promise<PlannedRestore> {
        return beating(() =>
          guarded(async () => {
            const { stateDir } = config;
            const signal = cancellationSignal();
            const whole = asAccounts(request);
            const read = () =>
              runInThread(
                'hostSurvey',
                { request: whole, stateDir },
                { signal, onProgress: () => undefined },
              );
            const plan = await planHostRestore(envOf(turnOf(request)), whole, read);
            return {
              accounts: plan.batches.flat().length,
              files: plan.accounts.reduce(
                (sum, { counters }) => sum + (counters ? counters.source - counters.filtered : 0),
                0,
              ),
              reportDir: hostReportDir(stateDir, request, plan),
              target: `the mail host ${plan.host}`,
              engineReason: reason,
              ledgerId: '',
              notify: mails.recipients(request).length > 0,
              pauses: plan.pauses,
            };
          }),
        );
      },

      /** Whether the Backup module of the mail host answers. */
      async checkHost(): Promise<void> {
        await beating(() =>
          guarded(async () => {
            const hindrance = await ask();
            if (hindrance !== null) throw new Problem('HostNotReady', hindrance);
          }),
        );
      },

      async followHostOperation({
        one,
        seconds,
      }: OwnedOperation & { seconds: number }): Promise<FollowedOperation> {
        const followed = await working(turnOfOne(one), () =>
          followHostOperation(envOf(one.owner), one, Date.now() + seconds * 1000),
        );
        if (followed.state === 'ended') return { more: false, onHost: null };
        return { more: true, onHost: shownOf(`${followed.host}, ${followed.id}`, followed.progress) };
      },

      async stopHostOperation({ one }: OwnedOperation): Promise<void> {
        await working(turnOfOne(one), () => stopHostOperation(envOf(one.owner), one));
      },

      async reportHostOperation({ one }: OwnedOperation): Promise<HostOperationResult> {
        return guarded(async () => reportHostOperation(config.stateDir, one));
      },

      /** Follows what works on the host, or starts what is next, for at most `seconds`. */
      async restoreOnHost({ request, seconds }: RestoreStep & { seconds: number }): Promise<HostSlice> {
        return working(turnOf(request), () =>
          restoreOnHost(envOf(turnOf(request)), request, Date.now() + seconds * 1000),
        );
      },

      /** Stops what works on the host for this restore, and waits for its end. */
      async stopOnHost({ request }: RestoreStep): Promise<void> {
        await working(turnOf(request), (tell) => {
          tell(`stopping on the mail host, attempt ${activityInfo().attempt}`);
          return stopOnHost(envOf(turnOf(request)), request);
        });
      },

      /** Classes what was not restored, writes the report and mails it. */
      async reportOnHost({
        request,
        ending,
        isDraft,
        notes = [],
      }: ReportStep & { notes?: readonly string[] }): Promise<FinishedReport & { failure: string | null }> {
        const facts = await beating(() => guarded(() => factsForReport(envOf(turnOf(request)), request)));
        const input = {
          ...{ request, stateDir: config.stateDir, foreign: facts.foreign },
          notes: [...notes, ...facts.notes],
        };
        const written = await step('hostReport', { ...input, ending });
        const again = isDraft ? null : await mails.ended(request, written, ending);
        if (again !== null) await step('hostReport', { ...input, ending: again });
        const { dir, summary, counters, head } = written;
        const invalid = head.unrestoredByClass.invalid;
        const status = head.status === 'completed' ? 'completed' : 'partial';
        const unproved = ending.status === 'completed' && head.status === 'failed';
        const failure = unproved ? (head.failure ?? 'not proved') : null;
        return { dir, summary, counters, status, invalid, failure };
      },
    },
  };
}
export type CarbonioActivities = ReturnType<typeof createCarbonio>['activities'];
