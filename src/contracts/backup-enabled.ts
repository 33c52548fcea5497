/** Whether the mail host backs up a class of service or an account: inputs, results, and what "off" brings about. */
import { z } from 'zod';
import { heartbeatSeconds, notifications, text } from './fields';

export const backupScope = z.enum(['cos', 'account']);
export type BackupScope = z.output<typeof backupScope>;

/** What holds for a class or an account, and why. */
export interface BackupState {
  readonly scope: BackupScope;
  readonly name: string;
  /** Its own value; null: not set. */
  readonly own: boolean | null;
  readonly effective: boolean;
  /** Whose value that is. */
  readonly origin: 'account' | 'cos' | 'default';
  /** The class of an account, by name; null for a class. */
  readonly cos: string | null;
  /** What holds without an own value. */
  readonly inherited: boolean;
}

/** Of the mail host, in days; 0: for ever. */
export interface Retention {
  readonly items: number;
  readonly accounts: number;
}

const DAY_MS = 86_400_000;

/**
 * After how many days the first data can be purged; null: never. With 0 for items a purge ends at once (documented);
 * which of the two counts for an account whose backup is off is not, so the shorter one is taken.
 */
export function purgeDays({ items, accounts }: Retention): number | null {
  if (items === 0) return null;
  return accounts === 0 ? items : Math.min(items, accounts);
}

/** Epoch milliseconds. */
export const purgeFrom = (offSince: number, retention: Retention): number | null => {
  const days = purgeDays(retention);
  return days === null ? null : offSince + days * DAY_MS;
};

const day = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 10);

/** What it means that the backup is off since then. The same words wherever it is asked or refused. */
export function consequenceText(
  scope: BackupScope,
  name: string,
  retention: Retention,
  since: number,
): string {
  const who =
    scope === 'account'
      ? `the account ${name}`
      : `every account of the class of service ${name} that has no value of its own`;
  const until = purgeFrom(since, retention);
  const end =
    until === null
      ? 'The retention of the mail host is without end, so nothing of it is purged until that is changed.'
      : `From ${day(until)} on (${purgeDays(retention)} days of retention), the next purge removes for good what the backup holds of it.`;
  return (
    `With the backup off, the mail host neither scans nor exports ${who}, and its backup counts as deleted. ${end} ` +
    'Switched on again before, it counts as active.'
  );
}

/** `off, by its class of service EXTERNAL`. */
export function stateText({ effective, origin, cos, own, scope }: BackupState): string {
  const whose = {
    account: 'by a value of its own',
    cos: scope === 'cos' ? 'by a value of its own' : `by its class of service ${cos ?? ''}`.trim(),
    default: 'by default, nothing is set',
  }[origin];
  const over = own !== null && scope === 'account' ? `; without it: by the class ${cos ?? '?'}` : '';
  return `${effective ? 'on' : 'off'}, ${whose}${over}`;
}

export const setBackupEnabledInput = z.strictObject({
  scope: backupScope.describe('A class of service or an account. Example: "cos"'),
  name: text('the name').describe('Its name or address. Example: "EXTERNAL_COLLABORATORS"'),
  enabled: z
    .boolean()
    .nullable()
    .describe('true, false, or null: take its own value away, so that it inherits. Example: true'),
  confirm: z
    .boolean()
    .default(false)
    .describe(
      'Needed when the backup is off afterwards: it counts as deleted then, and is purged after the retention. ' +
        'Without it the failure says from which day. Default: false',
    ),
});
export type SetBackupEnabledInput = z.output<typeof setBackupEnabledInput>;
export type SetBackupEnabledRequest = z.input<typeof setBackupEnabledInput>;
export const setBackupEnabledExample: SetBackupEnabledRequest = {
  scope: 'cos',
  name: 'EXTERNAL_COLLABORATORS',
  enabled: true,
};

export interface SetBackupEnabledResult {
  readonly status: 'changed' | 'unchanged';
  readonly previous: BackupState;
  readonly now: BackupState;
  /** What it brings about that the backup is off; null when it is on. */
  readonly consequence: string | null;
  /** First day of a purge, ISO 8601; null when it is on, or never. */
  readonly purgeFrom: string | null;
}

export interface SetBackupEnabledStatus {
  readonly phase: 'reading' | 'changing' | 'ended';
  readonly previous: BackupState | null;
}

export const backupEnabledGuardInput = z.strictObject({
  accounts: z
    .union([z.enum(['all', 'known']), z.array(text('an account')).min(1).max(10_000)])
    .default('all')
    .describe(
      'Which accounts are asked for a value of their own, one call of the mail host each (1 to 3 seconds): all, known ' +
        '(those that were seen off before), or these. Classes of service always are. Default: "all"',
    ),
  warnDays: z
    .array(z.int().min(1).max(3650))
    .min(1)
    .max(10)
    .default([7, 3, 1])
    .describe(
      'How many days before the first purge a warning comes, beside the one at first sight. Default: [7,3,1]',
    ),
  notifications,
  heartbeatSeconds,
});
export type BackupEnabledGuardInput = z.output<typeof backupEnabledGuardInput>;
export type BackupEnabledGuardRequest = z.input<typeof backupEnabledGuardInput>;
export const backupEnabledGuardExample: BackupEnabledGuardRequest = {
  accounts: 'all',
  warnDays: [7, 3, 1],
  notifications: ['admin@example.com'],
};

/** A class or an account whose own value is off. */
export interface BackupOff {
  readonly scope: BackupScope;
  readonly name: string;
  /** ISO 8601. Seen off since then, or switched off then by Lifeboat: it may have been off before. */
  readonly offSince: string;
  /** First day of a purge, ISO 8601; null: never. */
  readonly purgeFrom: string | null;
  /** Days until then, begun ones counted; null: never; 0 and less: that day has come. */
  readonly daysLeft: number | null;
  /** A warning is due that was not sent yet. */
  readonly due: boolean;
}

export interface BackupEnabledGuardResult {
  readonly off: number;
  readonly warned: number;
  /** Of the mail: `sent`, or why not; null when nothing was due. */
  readonly mail: string | null;
  /** The first fifty, the most urgent first; all are in the record. */
  readonly first: readonly BackupOff[];
  /** The file that remembers them, on the worker's machine. */
  readonly record: string;
}

export interface BackupEnabledGuardStatus {
  readonly phase: 'asking' | 'warning' | 'ended';
  readonly off: number | null;
}
