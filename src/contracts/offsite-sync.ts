/** Input, result and status of the workflow `offsiteSync`. */
import { z } from 'zod';
import { absolutePath, heartbeatSeconds } from './fields';
import { attempts, place } from './offsite';

export const offsiteSyncInput = z.strictObject({
  sourcePath: absolutePath('the path', '/opt/backup').describe(
    'Absolute path of the Backup Path, as the worker sees it. Example: "/opt/backup"',
  ),
  ...place,
  delete: z
    .enum(['never', 'now', 'afterPurge'])
    .default('never')
    .describe(
      'Whether what the Backup Path no longer has is deleted from the copy at the end. "afterPurge": only when a purge of the mail host has ended since the last deleting sync. One that works is waited for. Default: "never". Example: "afterPurge"',
    ),
  dryRun: z
    .boolean()
    .default(false)
    .describe('Change nothing; tell what would be copied and deleted. Default: false'),
  maxDeletions: z
    .strictObject({
      count: z
        .int()
        .min(0)
        .default(100_000)
        .describe('Refuse to delete more files and folders than this. Default: 100000'),
      percent: z
        .number()
        .min(0)
        .max(100)
        .default(10)
        .describe('Refuse to delete more than this part of the copy, percent. Default: 10'),
    })
    .prefault({})
    .describe('Counted before anything is deleted. Example: {"count":20000,"percent":5}'),
  checksum: z
    .boolean()
    .default(false)
    .describe('Compare content, not size and time: reads both sides whole. Default: false'),
  allowEmptyDestination: z
    .boolean()
    .default(false)
    .describe('Begin a new copy where there was one before and nothing is now. Default: false'),
  advanced: z
    .strictObject({
      attempts,
      heartbeatSeconds,
      pollSeconds: z
        .number()
        .min(0.1)
        .max(300)
        .default(30)
        .describe(
          'First pause before the mail host is asked again whether its purge has ended, seconds; they grow to five minutes. Default: 30',
        ),
    })
    .prefault({})
    .describe('For tests and rare needs.'),
});
export type OffsiteSyncInput = z.output<typeof offsiteSyncInput>;
export type OffsiteSyncRequest = z.input<typeof offsiteSyncInput>;

export const offsiteSyncExample: OffsiteSyncRequest = {
  sourcePath: '/opt/backup',
  destination: 'rsync://backup@store.example.com/offsite/mail',
  passwordFile: '/etc/lifeboat/offsite.secret',
};

export type SyncPhaseName =
  | 'checking'
  | 'asking for purges'
  | 'comparing'
  | 'claiming'
  | 'staging metadata'
  | 'copying blobs'
  | 'sending metadata'
  | 'placing metadata'
  | 'deleting metadata'
  | 'deleting blobs'
  | 'finishing'
  | 'ended';

export interface SyncPass {
  name: SyncPhaseName;
  seconds: number;
  /** Files that were transferred. */
  files: number;
  /** Bytes over the line, both ways. */
  bytes: number;
  /** Files and folders. */
  deleted: number;
}

export interface OffsiteSyncStatus {
  phase: SyncPhaseName;
  passes: SyncPass[];
  files: number;
  bytes: number;
  deleted: number;
  /** Start of the newest finished sync to this destination that left nothing out: what the copy surely holds. ISO; null: none yet. */
  lastSuccess: string | null;
  /** Why it does not go on just now. */
  waiting: string | null;
}

export interface OffsiteSyncResult {
  status: 'synced' | 'dry-run';
  operationId: string;
  sourcePath: string;
  destination: string;
  /** ISO. Of a finished sync that left nothing out this is the new `lastSuccess`. */
  startedAt: string;
  endedAt: string;
  lastSuccess: string | null;
  /** Transferred; in a dry run those that would be. */
  files: number;
  /** Bytes over the line, both ways; in a dry run the size of what would be copied. */
  bytes: number;
  /** Files and folders; in a dry run those that would be. */
  deleted: number;
  /** Size of the Backup Path divided by what went over the line; null when nothing did. */
  speedUp: number | null;
  seconds: number;
  passes: SyncPass[];
  /** Metadata files that changed again and again meanwhile: they come with the next sync, and `lastSuccess` stays until then. */
  leftOut: number;
  notes: string[];
  /** Of a dry run: the list, on the worker's machine, a line each: `+` new, `~` changed, `-` deleted. */
  listFile: string | null;
}
