/** What the file of schedules wants, in the form in which the server shows it, so that the two can be compared. */
import type { ScheduleDescription } from '@temporalio/client';
import { z } from 'zod';
import { parseCron } from './cron';

export const DEFAULT_FILE = 'lifeboat.schedules.yaml';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds. */
const duration = (least = 0) =>
  z.string('must be a time such as 90s, 5m, 1h or 7d').transform((value, context) => {
    const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(value.trim()) ?? [];
    const ms = count === undefined ? Number.NaN : Number(count) * (UNITS[unit as string] as number);
    if (ms >= least) return ms;
    const atLeast = least > 0 && !Number.isNaN(ms) ? `, at least ${durationText(least)}` : '';
    context.addIssue(`must be a time such as 90s, 5m, 1h or 7d${atLeast}`);
    return z.NEVER;
  });

/** As the file writes it. */
export function durationText(ms: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, one]) => ms % one === 0) ?? ['ms', 1];
  return ms === 0 ? '0s' : `${ms / size}${unit}`;
}

const cron = z.string('must be text, such as "30 1 * * *"').transform((value, context) => {
  const calendar = parseCron(value);
  if (typeof calendar !== 'string') return calendar;
  context.addIssue(calendar);
  return z.NEVER;
});

const timezone = z.string().superRefine((zone, context) => {
  const known = zoneOf(zone);
  if (known === null) context.addIssue('is no time zone: a name such as Europe/Rome, or UTC, is needed');
  else if (known !== zone) context.addIssue(`must be written ${known}`);
});

/** The name in the spelling of the time zone database; null when it is not known. */
function zoneOf(zone: string): string | null {
  if (!/^[A-Za-z]/.test(zone)) return null;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
    // an alias is shown by the name that it stands for; both are right
    return timeZone.toLowerCase() === zone.toLowerCase() ? timeZone : zone;
  } catch {
    return null;
  }
}

const one = z
  .strictObject({
    workflow: z.string().describe('What is started: a name that `lifeboat example` lists.'),
    input: z.record(z.string(), z.unknown()).default({}).describe('Its input. Default: {}'),
    cron: z
      .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(cron).min(1))
      .optional()
      .describe('When: minute hour day-of-month month day-of-week, one or a list.'),
    every: duration(1_000).optional().describe('When: each so long, counted from 1970-01-01 00:00 UTC.'),
    offset: duration().default(0).describe('So long after that. Default: 0s'),
    timezone: timezone.optional().describe('That of `cron`. Default: the one of the file'),
    jitter: duration().default(0).describe('Begin up to so long later, by chance. Default: 0s'),
    overlap: z
      .enum(['skip', 'buffer-one'])
      .default('skip')
      .describe('When the one before still runs: leave this one out, or start it after that. Default: skip'),
    catchupWindow: duration(10_000)
      .default(UNITS['h'] as number)
      .describe('What the server missed while it was down is made up for if it is not older. Default: 1h'),
    pauseOnFailure: z
      .boolean()
      .optional()
      .describe(
        'Pause it when one fails, until a person has looked. Default: true for an offsiteSync that deletes, else false',
      ),
  })
  .superRefine(({ cron: times, every, offset }, context) => {
    if ((times === undefined) === (every === undefined))
      context.addIssue('needs either cron or every, and not both');
    if (offset > 0 && offset >= (every ?? 0))
      context.addIssue({ code: 'custom', path: ['offset'], message: 'must be less than every' });
  });

export const scheduleFile = z.strictObject({
  timezone: timezone.default('UTC').describe('Default: UTC'),
  schedules: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be a name of a-z, 0-9 and -, 40 characters at most'),
    one,
  ),
});
export type ScheduleFile = z.output<typeof scheduleFile>;

/** Of a schedule, what the file decides. */
export type Definition = Pick<ScheduleDescription, 'spec' | 'policies'> & {
  readonly action: Pick<
    ScheduleDescription['action'],
    'type' | 'workflowType' | 'workflowId' | 'taskQueue' | 'args' | 'staticSummary'
  >;
};

export interface WantedSchedule {
  readonly name: string;
  readonly id: string;
  readonly definition: Definition;
}

export const idPrefix = (host: string): string => `lifeboat/${host}/`;
export const scheduleId = (host: string, name: string): string => `${idPrefix(host)}${name}`;

export interface Where {
  readonly host: string;
  readonly taskQueue: string;
}

export function wantedOf({ timezone: ofFile, schedules }: ScheduleFile, where: Where): WantedSchedule[] {
  return Object.entries(schedules).map(([name, schedule]) => {
    const { workflow, input, every, offset, jitter, overlap, catchupWindow } = schedule;
    const deletes = workflow === 'offsiteSync' && (input['delete'] ?? 'never') !== 'never';
    return {
      name,
      id: scheduleId(where.host, name),
      definition: {
        spec: {
          calendars: schedule.cron ?? [],
          intervals: every === undefined ? [] : [{ every, offset }],
          jitter,
          timezone: schedule.timezone ?? ofFile,
        },
        policies: {
          overlap: overlap === 'skip' ? 'SKIP' : 'BUFFER_ONE',
          catchupWindow,
          pauseOnFailure: schedule.pauseOnFailure ?? deletes,
        },
        action: {
          type: 'startWorkflow',
          workflowType: workflow,
          // the server appends the time: offset-sync/<host>/<name>-2026-03-01T01:30:00Z
          workflowId: `${kebab(workflow)}/${where.host}/${name}`,
          taskQueue: where.taskQueue,
          args: [input],
          staticSummary: `Schedule ${name}`,
        },
      },
    };
  });
}

/** As operations are called that people start: `offsite-sync/…`. */
const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
