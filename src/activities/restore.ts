/** Activities of the External Restore by the direct engine: each runs one step in a thread and heartbeats for it. */
import { cancellationSignal } from '@temporalio/activity';
import type { Config } from '../config';
import type { EngineChoice, Pause } from '../contracts/engine';
import type { TurnOwner } from '../contracts/operation-queue';
import { CancelledFailure } from '@temporalio/common';
import { createMailer } from '../mailer';
import { writerLockOf } from '../mail/open-target';
import type { ProvisionCounts } from '../mail/target';
import {
  endedMail,
  interruptedMail,
  phase1Mail,
  startedMail,
  type Mail,
  type MailOperation,
} from '../report/mails';
import type { NotificationResult } from '../report/model';
import { runInThread } from '../restore/in-thread';
import type { PlanResult } from '../restore/plan';
import { kindOf, type Ending } from '../restore/report-of';
import type { RestoreRequest, RestoreSettings } from '../restore/request';
import type {
  ReportResult,
  RestoreTaskName,
  SliceResult,
  TaskInputs,
  TaskName,
  TaskProgress,
  TaskResults,
} from '../restore/tasks';
import type { Counters } from '../report/model';
import { beating } from './beating';
import type { AskHost } from './carbonio';
import { chooseEngine } from './choose-engine';
import { toFailure } from './failure';
import type { HostWork } from './host-work';

const INTERRUPTED = 'a worker ended without a word; a worker has taken over, and the operation goes on.';

export interface RestoreStep {
  request: RestoreRequest;
}
export interface PlannedRestore extends PlanResult {
  /** Whether anybody wants mails. */
  notify: boolean;
  /** What is to be otherwise on the mail host meanwhile. */
  pauses?: readonly Pause[];
}
export interface ReportStep extends RestoreStep {
  ending: Ending;
  isDraft?: boolean;
}
export interface FinishedReport {
  dir: string;
  summary: string;
  counters: Counters;
  /** `completed` is `partial` when anything could not be restored. */
  status: 'completed' | 'partial';
  /** Items that the target refused for what they are; absent from a worker of an earlier release. */
  invalid?: number;
}
export type NotifyEvent =
  | { event: 'started' }
  | { event: 'interrupted' }
  | { event: 'phase1'; provisioned: Omit<ProvisionCounts, 'notes'> | null; itemsFollow: boolean };

export function createRestoreActivities(config: Config, work: HostWork, askHost: AskHost) {
  const { stateDir, defaultTarget, secretsDir } = config;
  const settings: RestoreSettings = { stateDir, defaultTarget, secretsDir };
  const mails = createMails(config);

  /** A step that writes into the target: only while no other operation does. */
  async function writing<K extends RestoreTaskName>(name: K, input: TaskInputs[K]): Promise<TaskResults[K]> {
    const { request } = input;
    return beating<TaskProgress, TaskResults[K]>(async (tell) => {
      try {
        const lock = writerLockOf(request.input.target ?? settings.defaultTarget);
        const waiting = (step: string): void => tell({ step, done: 0, total: 0, unit: 'items' });
        return await work.during(turnOf(request), lock, waiting, () =>
          runInThread(name, input, { signal: cancellationSignal(), onProgress: tell }),
        );
      } catch (error) {
        throw error instanceof CancelledFailure ? error : toFailure(error);
      }
    });
  }

  return {
    /**
     * Whether the input can be used at all, and by which engine; changes nothing. So a mistake is told before the operation
     * waits.
     */
    async checkRestore({ request }: RestoreStep): Promise<EngineChoice> {
      return chooseEngine(request, settings, config, askHost);
    },

    /** Checks source, target and room, and writes the work list. Changes nothing in the target but its marker. */
    async planRestore({ request }: RestoreStep): Promise<PlannedRestore> {
      const plan = await step('plan', { request, settings });
      return { ...plan, notify: mails.recipients(request).length > 0 };
    },

    /** PHASE 1: creates what is missing of domains, classes of service, lists and accounts. */
    async provisionTarget({ request }: RestoreStep): Promise<ProvisionCounts> {
      return writing('provision', { request, settings });
    },

    /** Restores items for at most `seconds`, from where the lane stands. */
    async restoreSlice({
      request,
      lane,
      seconds,
    }: RestoreStep & { lane: number; seconds: number }): Promise<SliceResult> {
      return writing('slice', { request, settings, lane, seconds });
    },

    /** Phase 3. Answers whether all is done. */
    async restoreExtras({ request }: RestoreStep): Promise<boolean> {
      return writing('extras', { request, settings });
    },

    /**
     * Writes the report and mails it. A mail that cannot be sent shows in the report and fails nothing. A draft, which
     * something else follows, is not mailed.
     */
    async writeReport({ request, ending, isDraft }: ReportStep): Promise<FinishedReport> {
      const written = await step('report', { request, settings, ending });
      const { dir, summary, counters, head } = written;
      const again = isDraft ? null : await mails.ended(request, written, ending);
      if (again !== null) await step('report', { request, settings, ending: again });
      const status = head.status === 'completed' ? 'completed' : 'partial';
      return { dir, summary, counters, status, invalid: head.unrestoredByClass.invalid };
    },

    async notify(
      input: RestoreStep & { startedAt: number; what: NotifyEvent; target: string },
    ): Promise<NotificationResult> {
      const { request, startedAt, what, target } = input;
      const operation: MailOperation = {
        operationId: request.operationId,
        operation: kindOf(request.input),
        host: config.host,
        sourcePath: request.input.sourcePath,
        target,
        startedAt: new Date(startedAt).toISOString(),
      };
      const mail =
        what.event === 'started'
          ? startedMail(operation)
          : what.event === 'interrupted'
            ? interruptedMail(operation, INTERRUPTED)
            : phase1Mail(operation, what.provisioned, [], what.itemsFollow);
      return mails.send(mail, request.input.notifications);
    },
  };
}
export type RestoreActivities = ReturnType<typeof createRestoreActivities>;

/** A step that was planned by a release without a queue names no turn: it is its operation's own. */
export function turnOf({
  turn,
  operationId,
  operationKey,
  input,
}: RestoreRequest): TurnOwner & { kind: string } {
  const planned: TurnOwner | undefined = turn;
  const own = { operationId, firstRunId: operationKey.slice(operationId.length + 1) };
  return { ...(planned ?? own), kind: kindOf(input) };
}

/** The mails of a restore, whichever engine works. */
export function createMails(config: Config) {
  const { admins } = config.mail;
  const mailer = createMailer(config.mail);
  const send = (mail: Mail, to: readonly string[]): Promise<NotificationResult> =>
    beating(() => mailer.send({ ...mail, to: [...to] }));
  const recipients = ({ input }: RestoreRequest): string[] => [...admins, ...input.notifications];
  return {
    send,
    recipients,
    /** Mails the report. Answers the ending that knows of it; null when nobody wants mails. */
    async ended(
      request: RestoreRequest,
      { head, files }: ReportResult,
      ending: Ending,
    ): Promise<Ending | null> {
      if (recipients(request).length === 0) return null;
      const result = await send(await endedMail(config.host, head, files), request.input.notifications);
      return { ...ending, notifications: [...ending.notifications, result] };
    },
  };
}

export async function step<K extends TaskName>(name: K, input: TaskInputs[K]): Promise<TaskResults[K]> {
  return beating<TaskProgress, TaskResults[K]>(async (onProgress) => {
    try {
      return await runInThread(name, input, { signal: cancellationSignal(), onProgress });
    } catch (error) {
      throw toFailure(error);
    }
  });
}
