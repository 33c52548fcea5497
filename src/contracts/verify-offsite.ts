/** Input, result and status of the workflow `verifyOffsite`. */
import { z } from 'zod';
import { parseDestination } from './destination';
import { absolutePath, heartbeatSeconds, sample } from './fields';
import { attempts, place } from './offsite';
import type { VerifyResult } from './verify';

export const verifyOffsiteInput = z
  .strictObject({
    ...place,
    sourcePath: absolutePath('the path', '/opt/backup')
      .nullable()
      .default(null)
      .describe(
        'The Backup Path that it is a copy of, to compare with. Needed for a copy behind a daemon or ssh. Default: null. Example: "/opt/backup"',
      ),
    sample,
    advanced: z
      .strictObject({ attempts, heartbeatSeconds })
      .prefault({})
      .describe('For tests and rare needs.'),
  })
  .refine(({ destination, sourcePath }) => sourcePath !== null || isPath(destination), {
    message: 'is needed for a copy that is not a folder of this machine',
    path: ['sourcePath'],
  });
export type VerifyOffsiteInput = z.output<typeof verifyOffsiteInput>;
export type VerifyOffsiteRequest = z.input<typeof verifyOffsiteInput>;

export function isPath(destination: string): boolean {
  const parsed = parseDestination(destination);
  return typeof parsed !== 'string' && parsed.kind === 'path';
}

export const verifyOffsiteExample: VerifyOffsiteRequest = {
  destination: 'rsync://backup@store.example.com/offsite/mail',
  passwordFile: '/etc/lifeboat/offsite.secret',
  sourcePath: '/opt/backup',
  sample: 5,
};

export interface VerifyOffsiteStatus {
  phase: 'reading the copy' | 'fetching metadata' | 'looking for blobs' | 'comparing' | 'ended';
  waiting: string | null;
}

export interface VerifyOffsiteResult {
  status: 'clean' | 'findings';
  operationId: string;
  destination: string;
  /** `read`: each file was read and proved. `compared`: with the Backup Path, by rsync's checksums. */
  how: 'read' | 'compared';
  /** Blobs whose content was read or compared. */
  blobs: number;
  /** Metadata files of items. */
  items: number;
  accounts: number;
  /** Items that name a blob that the copy does not have; read: read errors of any kind. */
  missing: number;
  /** Files whose content is damaged, or metadata that are not understood. */
  damaged: number;
  /** Folder of the list of findings, on the worker's machine. */
  reportDir: string;
  /** All that reading found; null when it was compared. */
  verify: VerifyResult | null;
}
