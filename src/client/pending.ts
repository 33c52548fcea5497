/** What the running steps of an operation say of themselves: their heartbeats, and why they wait. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow';
import type { TaskProgress } from '../restore/tasks';

export interface PendingSteps {
  /** Of the step that has come furthest; null when none has said anything yet. */
  readonly progress: TaskProgress | null;
  /** Why a step has to be tried again, in the words of its last failure. */
  readonly waiting: string | null;
}

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** `PENDING_ACTIVITY_STATE_SCHEDULED` of Temporal's API: not (or not yet again) with a worker. */
const SCHEDULED = 1;

export async function readPending(
  client: Client,
  raw: WorkflowExecutionDescription['raw'],
): Promise<PendingSteps> {
  const activities = raw.pendingActivities ?? [];
  const steps = await Promise.all(
    activities.map(async (activity) => {
      const progress = await progressOf(client, activity);
      return { progress, waiting: waitingFor(activity, progress) };
    }),
  );
  const furthest = steps
    .map(({ progress }) => progress)
    .filter((progress) => progress !== null)
    .reduce<TaskProgress | null>((best, one) => (best && best.done >= one.done ? best : one), null);
  return { progress: furthest, waiting: steps.map((s) => s.waiting).find((w) => w !== null) ?? null };
}

async function progressOf(client: Client, activity: PendingActivity): Promise<TaskProgress | null> {
  const payloads = activity.heartbeatDetails?.payloads;
  if (!payloads || payloads.length === 0) return null;
  const [details] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
  return isProgress(details) ? details : null;
}

/** A step that runs again and has come to work is over its failure; one that has said nothing yet may fail again. */
function waitingFor({ state, lastFailure }: PendingActivity, progress: TaskProgress | null): string | null {
  if (!lastFailure || (state !== SCHEDULED && progress !== null)) return null;
  if (lastFailure.timeoutFailureInfo) return 'the worker of a step is gone; another one takes it over';
  return lastFailure.message || 'a step failed and is tried again';
}

/** Heartbeats of other kinds of steps, or of another release, are not ours to show. */
function isProgress(value: unknown): value is TaskProgress {
  if (typeof value !== 'object' || value === null) return false;
  const { step, done, total, unit } = value as Partial<Record<keyof TaskProgress, unknown>>;
  return (
    typeof step === 'string' &&
    typeof done === 'number' &&
    typeof total === 'number' &&
    typeof unit === 'string'
  );
}
