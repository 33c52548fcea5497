/** Notifications, as `core getNotification` lists them. On a real host they are mailed too; the stand-in mails nothing. */
import { randomUUID } from 'node:crypto';
import { formatDate, formatDuration } from './dates';
import type { Operation, Outcome, Stats } from './operations/model';
import { readJson, writeJson } from './settings';

export const LEVELS = ['Critical', 'Error', 'Warning', 'Information', 'Debug'] as const;
export type Level = (typeof LEVELS)[number];

export interface Notification {
  readonly id: string;
  readonly date: number;
  readonly level: Level;
  readonly server: string;
  readonly subject: string;
  readonly text: string;
}

export class Notifications {
  private readonly all: Notification[];

  /** @param threshold the level that the site has: what is less severe is not issued at all */
  constructor(
    private readonly file: string,
    private readonly server: string,
    private readonly threshold: () => Level,
  ) {
    this.all = readJson<Notification[]>(file, []);
  }

  list(): readonly Notification[] {
    return this.all;
  }

  find(id: string): Notification | undefined {
    return this.all.find((one) => one.id === id);
  }

  /** @param what `started`, `PHASE 1 Feedback`, … */
  issue(operation: Operation, level: Level, what: string, more: Partial<Outcome> = {}): void {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.threshold())) return;
    const { descName } = operation;
    const subject = `Carbonio Backup Notification, ${descName} ${what}.`;
    const text = body(operation, this.server, what, more);
    this.all.push({ id: randomUUID(), date: Date.now(), level, server: this.server, subject, text });
    writeJson(this.file, this.all);
  }
}

/** Labels and order are those of a capture of 2019; the product's words and the PHASE 1 text are synthetic. */
function body(operation: Operation, host: string, what: string, more: Partial<Outcome>): string {
  const { id, descName, parameters, startTime, endTime } = operation;
  const requester = show(parameters['requesterAddress'] ?? 'zextras');
  const [first = '', ...rest] = Object.entries(parameters).map(([key, value]) => `${key} = ${show(value)}`);
  const lines = [
    `This is an automated notification from Carbonio Backup about ${descName}.`,
    `Operation ${descName} ${what.charAt(0).toUpperCase()}${what.slice(1)}.`,
    `Operation Id: ${id}`,
    `Operation Host: ${host}`,
    ...(endTime === null ? [`Monitor Command: carbonio backup monitor ${id}`] : []),
    ...(endTime !== null && startTime !== null
      ? [
          `Operation Start Time: ${formatDate(startTime)}`,
          `Operation Duration: ${formatDuration(endTime - startTime)}`,
        ]
      : []),
    `Operation requested by: ${requester}`,
    'Carbonio Version: stand-in',
    `Operation parameters:  ${first}`,
    ...rest.map((line) => ` ${line}`),
    ...statsLines(more.stats ?? []),
    ...unrestoredLines(more.unrestored ?? new Map()),
  ];
  return `${lines.join('\n')}\n`;
}

const show = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : JSON.stringify(value);

function statsLines(stats: Stats): string[] {
  if (stats.length === 0) return [];
  return ['', '- stats -', ...stats.map(([label, value]) => `${label}: ${value}`)];
}

/** Documented. */
function unrestoredLines(unrestored: ReadonlyMap<string, readonly number[]>): string[] {
  const lines: string[] = [];
  for (const [account, items] of unrestored) {
    if (items.length === 0) continue;
    lines.push('', `account: ${account}`, `unrestored items: ${items.join(',')}`);
  }
  return lines.length === 0 ? [] : ['', '- unrestored items -', ...lines.slice(1)];
}

/** As a mail shows it. */
export function fullText({ subject, date, level, server, text }: Notification): string {
  return `Subject: ${subject}\nDate: ${formatDate(date)}\nLevel: ${level}\nServer: ${server}\nText:\n${text}`;
}
