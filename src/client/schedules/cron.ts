/**
 * Times as cron writes them, to what Temporal keeps: minute, hour, day of the month, month, day of the week.
 *
 * Read here and not by the server, so that a mistake is found before anything is changed, and what the server has can be
 * compared with what is wanted. A library would give every single time, and the days a meaning that the server has not.
 */
import type { CalendarSpecDescription, DayOfWeek, Month } from '@temporalio/client';

const MONTHS: readonly Month[] = [
  ...(['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE'] as const),
  ...(['JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const),
];
const DAYS: readonly DayOfWeek[] = [
  ...(['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const),
];
/** The most that a month can have. */
const DAYS_OF_MONTH: readonly number[] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** What `*` ends with. Default: max; 7 is another name of Sunday, not a day more. */
  readonly last?: number;
  /** Three letters each, the first for `min`. */
  readonly names?: readonly string[];
}
interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 3));
const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: short(MONTHS) },
  { name: 'day of the week', min: 0, max: 7, last: 6, names: short(DAYS) },
];

/** The calendar, or what is wrong with it. Its comment is the text, in single spaces. */
export function parseCron(text: string): CalendarSpecDescription | string {
  const words = text.trim().split(/\s+/);
  if (words.length !== FIELDS.length)
    return 'must have five fields: minute hour day-of-month month day-of-week, such as "30 1 * * *"';
  const fields = FIELDS.map((field, n) => parseField(field, words[n] as string));
  const wrong = fields.find((field) => typeof field === 'string');
  if (wrong !== undefined) return wrong;
  const [minute, hour, dayOfMonth, month, weekday] = fields as [Range[], Range[], Range[], Range[], Range[]];
  if (words[2] !== '*' && words[4] !== '*')
    return 'must not name both a day of the month and a day of the week: cron means either, Temporal means both';
  if (!comes(dayOfMonth, month)) return 'names a day that none of its months has';
  return {
    second: [{ start: 0, end: 0, step: 1 }],
    ...{ minute, hour, dayOfMonth },
    month: named(month, (n) => MONTHS[n - 1] as Month),
    year: [],
    dayOfWeek: named(weekdays(weekday), (n) => DAYS[n] as DayOfWeek),
    comment: words.join(' '),
  };
}

function parseField(field: Field, word: string): Range[] | string {
  const ranges = word.split(',').map((part) => parseRange(field, part));
  const isWrong = ranges.includes(null);
  const { name, min, max, names } = field;
  const or = names ? ` or ${names[0]?.toLowerCase()} to ${names.at(-1)?.toLowerCase()}` : '';
  return isWrong
    ? `${name}: "${word}" must be *, numbers ${min} to ${max}${or}, ranges such as ${min}-${max}, or steps such as */2`
    : (ranges as Range[]);
}

function parseRange(field: Field, text: string): Range | null {
  const [, from, to, by] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,2}))?$/.exec(text) ?? [];
  if (from === undefined) return null;
  const isAll = from === '*';
  const start = isAll ? field.min : valueOf(field, from);
  const end = isAll ? (field.last ?? field.max) : valueOf(field, to ?? from);
  const step = by === undefined ? 1 : Number(by);
  const isRange = isAll ? to === undefined : to !== undefined;
  if (start === null || end === null || end < start || step < 1 || (isAll && !isRange)) return null;
  return by !== undefined && !isRange ? null : { start, end, step };
}

function valueOf({ min, max, names }: Field, word: string): number | null {
  const at = names?.indexOf(word.toUpperCase()) ?? -1;
  const value = at >= 0 ? min + at : /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  return value >= min && value <= max ? value : null;
}

const valuesOf = ({ start, end, step }: Range): number[] =>
  Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, n) => start + n * step);

/** Where 7 is meant, each day by itself with Sunday as 0. */
function weekdays(ranges: Range[]): Range[] {
  if (ranges.every(({ end }) => end < 7)) return ranges;
  const days = new Set(ranges.flatMap(valuesOf).map((day) => day % 7));
  return [...days].sort().map((day) => ({ start: day, end: day, step: 1 }));
}

function comes(days: Range[], months: Range[]): boolean {
  const first = Math.min(...days.flatMap(valuesOf));
  return months.flatMap(valuesOf).some((month) => first <= (DAYS_OF_MONTH[month - 1] as number));
}

const named = <T>(ranges: Range[], name: (n: number) => T) =>
  ranges.map(({ start, end, step }) => ({ start: name(start), end: name(end), step }));
