/** Input and result of the workflow `retryUnrestored`. */
import { z } from 'zod';
import { absolutePath, notifications, text } from './fields';

/** The report that a list of items comes from. */
export const reportField = text('the report').describe(
  'Report of a restore: the id of the operation when its report is in the state folder of the worker, else the absolute path of report.json or of its folder. Example: "external-restore/old-0123456789ab"',
);

export const retryUnrestoredInput = z.strictObject({
  report: reportField,
  sourcePath: absolutePath('the path', '/mnt/copy')
    .optional()
    .describe(
      'Another copy of the same Backup Path to take the items from. Default: that of the report. Example: "/mnt/copy"',
    ),
  target: text('the target').optional().describe('Default: that of the report. Example: "maildir:/srv/mail"'),
  classes: z
    .array(z.enum(['read', 'broken', 'invalid', 'unsupported', 'doubtful']))
    .min(1)
    .default(['read', 'broken', 'invalid'])
    .describe('Only items of these classes. Default: ["read", "broken", "invalid"]. Example: ["read"]'),
  notifications,
});
export type RetryUnrestoredInput = z.output<typeof retryUnrestoredInput>;
export type RetryUnrestoredRequest = z.input<typeof retryUnrestoredInput>;

export const retryUnrestoredExample: RetryUnrestoredRequest = {
  report: 'external-restore/old-0123456789ab',
  classes: ['read'],
};

export interface RetryUnrestoredStatus {
  phase: 'reading the report' | 'restoring' | 'ended';
  /** Items that are tried again; null before they are known, and when whole accounts are among them. */
  items: number | null;
  /** Id of the operation that restores them, once it was started. */
  restore: string | null;
}
