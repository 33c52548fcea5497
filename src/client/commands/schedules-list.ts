/** `lifeboat schedules list`: what starts when, how the last one ended, what is paused and why. */
import { WorkflowNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { GOING_ON } from '../../activities/chain';
import { utcTime } from '../../report/format';
import { EXIT } from '../exit-codes';
import { outcomeOf } from '../outcome';
import { print, printJson } from '../output';
import { timesText } from '../schedules/compare';
import { scheduleId } from '../schedules/model';
import { findSchedule, ownNames } from '../schedules/server';
import { configOf, type SchedulesOptions } from '../schedules/session';
import { onServer } from '../server';

const NEXT_SHOWN = 3;

export async function list(options: SchedulesOptions): Promise<number> {
  const config = configOf(options);
  const { host } = config;
  return onServer(config.stateDir, async (link) => {
    const schedules: Shown[] = [];
    for (const name of await ownNames(link, host)) {
      const found = await findSchedule(link, scheduleId(host, name));
      if (found !== null) schedules.push(await shown(link.client, name, found));
    }
    if (options.json) printJson({ host, schedules });
    else
      print(
        schedules.map(textOf).join('\n') ||
          `No schedules of ${host}: \`lifeboat schedules apply\` makes them.`,
      );
    return EXIT.done;
  });
}

interface Shown {
  readonly name: string;
  readonly id: string;
  readonly workflow: string;
  readonly times: string;
  /** Why; null: it is not paused. */
  readonly paused: string | null;
  /** ISO; with the jitter. Of a paused one: those that it would have. */
  readonly next: readonly string[];
  readonly last: { readonly operationId: string; readonly startedAt: string; readonly end: string } | null;
  readonly started: number;
  /** Left out because the one before still ran. */
  readonly skippedOverlap: number;
  /** Not made up for after the server was down. */
  readonly missed: number;
}

async function shown(client: Client, name: string, found: ScheduleDescription): Promise<Shown> {
  const { info, state, action } = found;
  const recent = info.recentActions.at(-1);
  return {
    name,
    id: found.scheduleId,
    workflow: action.workflowType,
    times: timesText(found),
    paused: state.paused ? state.note || 'no reason given' : null,
    next: info.nextActionTimes.slice(0, NEXT_SHOWN).map((time) => time.toISOString()),
    last:
      recent === undefined
        ? null
        : {
            operationId: recent.action.workflow.workflowId,
            startedAt: recent.takenAt.toISOString(),
            end: await endOf(client, recent.action.workflow),
          },
    started: info.numActionsTaken,
    skippedOverlap: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
  };
}

async function endOf(
  client: Client,
  { workflowId, firstExecutionRunId }: { workflowId: string; firstExecutionRunId: string },
): Promise<string> {
  try {
    // without a run id: it may have continued as new
    const { status } = await client.workflow.getHandle(workflowId).describe();
    if (GOING_ON.has(status.name)) return 'running';
    const outcome = await outcomeOf<{ status?: unknown } | null>(client, workflowId, firstExecutionRunId);
    if (outcome.kind === 'failed') return `failed: ${outcome.message}`;
    if (outcome.kind === 'cancelled') return 'cancelled';
    const said = outcome.result?.status;
    return typeof said === 'string' ? said : 'completed';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'no longer on record';
    throw error;
  }
}

function textOf({ name, workflow, times, paused, next, last, skippedOverlap, missed }: Shown): string {
  const soon = next.map(utcTime).join(', ') || 'never again';
  const lost = [
    ...(skippedOverlap > 0 ? [`${skippedOverlap} left out because the one before still ran`] : []),
    ...(missed > 0 ? [`${missed} missed while the server was down`] : []),
  ];
  return [
    `${name}  ${workflow}, ${times}`,
    ...(paused === null ? [] : [`  PAUSED: ${paused}`]),
    `  next: ${soon}${paused === null ? '' : ', once it is resumed'}`,
    `  last: ${last === null ? 'none yet' : `${utcTime(last.startedAt)}, ${last.end}  ${last.operationId}`}`,
    ...(lost.length === 0 ? [] : [`  ${lost.join('; ')}`]),
  ].join('\n');
}
