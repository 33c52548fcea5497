/** Activities of the External Restore by the direct engine: each runs one step in a thread and heartbeats for it. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Config } from '../config';
import { createMailer, type Mailer } from '../mailer';
import type { ProvisionCounts } from '../mail/target';
import { endedMail, phase1Mail, startedMail, type Mail, type MailOperation } from '../report/mails';
import type { NotificationResult } from '../report/model';
import { runInThread } from '../restore/in-thread';
import type { PlanResult } from '../restore/plan';
import type { Ending } from '../restore/report-of';
import type { RestoreRequest, RestoreSettings } from '../restore/request';
import type { SliceResult, TaskInputs, TaskName, TaskProgress, TaskResults } from '../restore/tasks';
import type { Counters } from '../report/model';
import { toFailure } from './failure';

/** How often a step is said to live, milliseconds. Well below the shortest heartbeat timeout. */
const HEARTBEAT_EVERY = 500;

export interface RestoreStep {
  request: RestoreRequest;
}
export interface PlannedRestore extends PlanResult {
  /** Whether anybody wants mails. */
  notify: boolean;
}
export interface FinishedReport {
  dir: string;
  summary: string;
  counters: Counters;
  /** `completed` is `partial` when anything could not be restored. */
  status: 'completed' | 'partial';
}
export type NotifyEvent =
  | { event: 'started' }
  | { event: 'phase1'; provisioned: Omit<ProvisionCounts, 'notes'>; itemsFollow: boolean };

export function createRestoreActivities(config: Config) {
  const settings: RestoreSettings = { stateDir: config.stateDir, defaultTarget: config.defaultTarget };
  const mailer = createMailer({
    url: config.mail.url,
    from: config.mail.from,
    admins: [...config.mail.admins],
  });

  return {
    /** Checks source, target and room, and writes the work list. Changes nothing in the target but its marker. */
    async planRestore({ request }: RestoreStep): Promise<PlannedRestore> {
      const plan = await step('plan', { request, settings });
      return { ...plan, notify: recipients(config, request).length > 0 };
    },

    /** PHASE 1: creates what is missing of domains, classes of service, lists and accounts. */
    async provisionTarget({ request }: RestoreStep): Promise<ProvisionCounts> {
      return step('provision', { request, settings });
    },

    /** Restores items for at most `seconds`, from where the lane stands. */
    async restoreSlice({
      request,
      lane,
      seconds,
    }: RestoreStep & { lane: number; seconds: number }): Promise<SliceResult> {
      return step('slice', { request, settings, lane, seconds });
    },

    /** Phase 3. Answers whether all is done. */
    async restoreExtras({ request }: RestoreStep): Promise<boolean> {
      return step('extras', { request, settings });
    },

    /** Writes the report and mails it. A mail that cannot be sent shows in the report and fails nothing. */
    async writeReport({ request, ending }: RestoreStep & { ending: Ending }): Promise<FinishedReport> {
      const written = await step('report', { request, settings, ending });
      const { dir, summary, counters } = written;
      const to = recipients(config, request);
      if (to.length > 0) {
        const mail = await endedMail(config.host, written.head, written.files);
        const result = await send(mailer, mail, request.input.notifications);
        const again = { ...ending, notifications: [...ending.notifications, result] };
        await step('report', { request, settings, ending: again });
      }
      const status = written.head.status === 'completed' ? 'completed' : 'partial';
      return { dir, summary, counters, status };
    },

    async notify(
      input: RestoreStep & { startedAt: number; what: NotifyEvent; target: string },
    ): Promise<NotificationResult> {
      const { request, startedAt, what, target } = input;
      const operation: MailOperation = {
        operationId: request.operationId,
        operation: 'External Restore',
        host: config.host,
        sourcePath: request.input.sourcePath,
        target,
        startedAt: new Date(startedAt).toISOString(),
      };
      const mail =
        what.event === 'started'
          ? startedMail(operation)
          : phase1Mail(operation, what.provisioned, [], what.itemsFollow);
      return send(mailer, mail, request.input.notifications);
    },
  };
}
export type RestoreActivities = ReturnType<typeof createRestoreActivities>;

const recipients = (config: Config, request: RestoreRequest): string[] => [
  ...config.mail.admins,
  ...request.input.notifications,
];

const send = (mailer: Mailer, mail: Mail, to: readonly string[]): Promise<NotificationResult> =>
  beating(() => mailer.send({ ...mail, to: [...to] }));

async function step<K extends TaskName>(name: K, input: TaskInputs[K]): Promise<TaskResults[K]> {
  return beating(async (onProgress) => {
    try {
      return await runInThread(name, input, { signal: cancellationSignal(), onProgress });
    } catch (error) {
      throw toFailure(error);
    }
  });
}

/** Heartbeats while `body` runs, with the progress that it last told of. */
async function beating<T>(body: (onProgress: (progress: TaskProgress) => void) => Promise<T>): Promise<T> {
  let latest: TaskProgress | null = null;
  heartbeat(latest);
  const timer = setInterval(() => heartbeat(latest), HEARTBEAT_EVERY);
  try {
    return await body((progress) => {
      latest = progress;
    });
  } finally {
    clearInterval(timer);
  }
}
