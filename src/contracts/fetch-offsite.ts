/** Input, result and status of the workflow `fetchOffsite`. */
import { z } from 'zod';
import { absolutePath, heartbeatSeconds, text } from './fields';
import { attempts, place } from './offsite';

export const fetchOffsiteInput = z.strictObject({
  ...place,
  outputDir: absolutePath('the folder', '/srv/fetched').describe(
    'Where it is put: a folder that is empty, or that was fetched to from the same copy. Example: "/srv/fetched"',
  ),
  accounts: z
    .array(text('an account'))
    .max(100_000)
    .default([])
    .describe(
      'Only these accounts (addresses or ids) and the blobs that they name. Default: all. Example: ["jane@example.com"]',
    ),
  advanced: z.strictObject({ attempts, heartbeatSeconds }).prefault({}).describe('For tests and rare needs.'),
});
export type FetchOffsiteInput = z.output<typeof fetchOffsiteInput>;
export type FetchOffsiteRequest = z.input<typeof fetchOffsiteInput>;

export const fetchOffsiteExample: FetchOffsiteRequest = {
  destination: 'rsync://backup@store.example.com/offsite/mail',
  passwordFile: '/etc/lifeboat/offsite.secret',
  outputDir: '/srv/fetched',
  accounts: ['jane@example.com'],
};

export interface FetchOffsiteStatus {
  phase: 'checking' | 'choosing' | 'fetching metadata' | 'fetching blobs' | 'finishing' | 'ended';
  waiting: string | null;
}

export interface FetchOffsiteResult {
  /** `partial`: the copy lacks blobs that the accounts name. */
  status: 'fetched' | 'partial';
  operationId: string;
  destination: string;
  outputDir: string;
  /** Null: all. */
  accounts: number | null;
  /** Files that were transferred. */
  files: number;
  /** Bytes over the line. */
  bytes: number;
  /** Blobs that the copy does not have; null when all was fetched as it is. */
  missing: number | null;
}
