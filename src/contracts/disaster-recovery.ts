/** Input, result and status of the workflow `disasterRecovery`. */
import { z } from 'zod';
import { externalRestoreInput } from './external-restore';
import { absolutePath, notifications } from './fields';
import { place } from './offsite';
import { runbookFields } from './runbook';

const { target, engine, onInvalid, concurrentAccounts, overwriteAccounts, carbonio } =
  externalRestoreInput.shape;
const { destination, passwordFile, ssh } = place;

export const restoreFields = z
  .strictObject({ target, engine, onInvalid, concurrentAccounts, overwriteAccounts, carbonio })
  .prefault({})
  .describe('How it is restored, as for externalRestore. Example: {"engine":"carbonio"}');

export const disasterRecoveryInput = z
  .strictObject({
    oldBackupPath: absolutePath('the path', '/mnt/old')
      .nullable()
      .default(null)
      .describe('Backup Path of the old server, as the worker sees it: looked at first. Example: "/mnt/old"'),
    externalBackup: absolutePath('the path', '/mnt/export')
      .nullable()
      .default(null)
      .describe('The last external backup: looked at second. Example: "/mnt/export"'),
    offsiteCopy: z
      .strictObject({
        ...{ destination, passwordFile, ssh },
        fetchTo: absolutePath('the folder', '/srv/fetched')
          .nullable()
          .default(null)
          .describe('Where a remote copy is fetched to, an empty folder. Example: "/srv/fetched"'),
      })
      .refine(({ destination: at, fetchTo }) => at.startsWith('/') || fetchTo !== null, {
        message: 'is needed for a remote copy: an empty folder to fetch it to',
        path: ['fetchTo'],
      })
      .nullable()
      .default(null)
      .describe(
        'The newest offsite copy: looked at third; a remote one is fetched when nothing before it is good. Example: {"destination":"rsync://backup@store.example.com/offsite/mail","fetchTo":"/srv/fetched"}',
      ),
    sample: z
      .number()
      .gt(0)
      .max(100)
      .default(5)
      .describe(
        'Which part of the blobs is read to judge a source, percent. All metadata is read. Default: 5',
      ),
    restore: restoreFields,
    rescue: z
      .enum(['no', 'files', 'inject'])
      .default('no')
      .describe(
        'What becomes of what could not be restored: files saves what is left of it as files beside the report, inject also brings that into the mailboxes. Default: no',
      ),
    notifications,
    ...runbookFields,
  })
  .refine((one) => one.oldBackupPath !== null || one.externalBackup !== null || one.offsiteCopy !== null, {
    message: 'name at least one source: oldBackupPath, externalBackup or offsiteCopy',
    path: ['oldBackupPath'],
  });
export type DisasterRecoveryInput = z.output<typeof disasterRecoveryInput>;
export type DisasterRecoveryRequest = z.input<typeof disasterRecoveryInput>;

export const disasterRecoveryExample: DisasterRecoveryRequest = {
  oldBackupPath: '/mnt/old',
  offsiteCopy: { destination: '/srv/offsite/mail' },
  notifications: ['admin@example.com'],
};

export const SOURCE_KINDS = ['old Backup Path', 'external backup', 'offsite copy'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** A place from which could be restored. */
export interface Candidate {
  readonly kind: SourceKind;
  readonly path: string;
  readonly usable: boolean;
  /** Why it cannot be used, or what is wrong with it; null: nothing. */
  readonly defect: string | null;
  readonly serverName: string | null;
  readonly accounts: number | null;
  /** ISO 8601: of the newest change that it holds, by its folders' times. */
  readonly newest: string | null;
}

export interface DisasterRecoveryResult {
  readonly status: 'completed' | 'partial';
  readonly operationId: string;
  readonly sourcePath: string;
  readonly restore: string;
  /** Null, as the next: the restore had no result, and people went on as it was. */
  readonly restored: number | null;
  readonly unrestored: number | null;
  /** What is lost at most: from the newest change in the source to the start of this runbook, seconds. */
  readonly rpoSeconds: number | null;
  /** From its start to its end, people's answers included, seconds. */
  readonly rtoSeconds: number;
  /** Folder of recovery.txt and recovery.json, on the worker's machine. */
  readonly reportDir: string;
}
