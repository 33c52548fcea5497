/** What differs between a schedule on the server and the one of the file. */
import { isDeepStrictEqual } from 'node:util';
import type { ScheduleDescription } from '@temporalio/client';
import { parseCron } from './cron';
import { durationText, type Definition } from './model';

/** As people read it. */
export interface FieldChange {
  readonly field: string;
  readonly there: string;
  readonly wanted: string;
}

/** A definition of ours, or a schedule with all that somebody may have set by hand. */
type Any = Definition | ScheduleDescription;

export function differences(there: ScheduleDescription, wanted: Definition): FieldChange[] {
  const [now, then] = [fieldsOf(there), fieldsOf(wanted)];
  return Object.entries(then)
    .filter(([field, value]) => !isDeepStrictEqual(now[field], value))
    .map(([field, value]) => ({ field, there: textOf(now[field]), wanted: textOf(value) }));
}

/** When it starts: `30 1 * * * (Europe/Rome)`, `every 5m`. */
export function timesText({ spec }: Any): string {
  const cron = (spec.calendars ?? []).map(cronText);
  const every = (spec.intervals ?? []).map(
    ({ every, offset }) => `every ${durationText(every)}${offset ? ` + ${durationText(offset)}` : ''}`,
  );
  const zone = cron.length > 0 ? ` (${spec.timezone || 'UTC'})` : '';
  return [cron.join(' and ') + zone, ...every].filter((part) => part !== '').join(' and ') || 'never';
}

/** By its comment, where that says the truth. */
function cronText(calendar: NonNullable<ScheduleDescription['spec']['calendars']>[number]): string {
  const { comment = '' } = calendar;
  return isDeepStrictEqual(plain(parseCron(comment)), plain(calendar)) ? comment : JSON.stringify(calendar);
}

/** Each of these counts; what a schedule of ours never has is a difference too. */
function fieldsOf(one: Any): Record<string, unknown> {
  const { spec, action, policies } = one;
  const limits = action as Partial<ScheduleDescription['action']>;
  const [input, ...more] = (action.args ?? []) as unknown[];
  return {
    workflow: action.workflowType,
    input: plain(input ?? null),
    'further inputs': plain(more),
    times: timesText(one),
    jitter: durationText(spec.jitter ?? 0),
    overlap: (policies.overlap ?? 'SKIP').toLowerCase().replaceAll('_', '-'),
    catchupWindow: durationText(policies.catchupWindow),
    pauseOnFailure: policies.pauseOnFailure,
    'task queue': action.taskQueue,
    'operation id': action.workflowId,
    summary: action.staticSummary ?? '',
    'times left out': plain(spec.skip ?? []),
    'first time': plain(spec.startAt ?? null),
    'last time': plain(spec.endAt ?? null),
    'how often yet': ('state' in one ? one.state.remainingActions : undefined) ?? null,
    'limits of a run': plain([
      limits.workflowExecutionTimeout ?? null,
      limits.workflowRunTimeout ?? null,
      limits.workflowTaskTimeout ?? null,
      limits.retry ?? null,
    ]),
  };
}

/** Without what JSON does not keep, and with sorted fields: as the server gives it back. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ),
  );
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value || 'none' : JSON.stringify(value);
