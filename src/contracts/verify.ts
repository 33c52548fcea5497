/** Input, result and status of the workflow `verify`. */
import { z } from 'zod';
import { absolutePath, heartbeatSeconds, sample, text } from './fields';

const counts = z.object({
  blobs: z.number(),
  bytes: z.number(),
  accounts: z.number(),
  items: z.number(),
});

const cursor = z.object({
  id: z.string(),
  phase: z.enum(['blobs', 'items', 'orphans']),
  after: z.object({ name: z.string(), group: z.number() }).nullable(),
  counts,
  findings: z.object({
    read: z.number(),
    broken: z.number(),
    invalid: z.number(),
    'double-gzipped': z.number(),
    'trailing-bytes': z.number(),
  }),
});

const carried = z.object({ slices: z.number(), startedAt: z.number(), serverId: z.string(), cursor });
/** What a run of a verification hands to the next one when it continues as new. */
export type VerifyCarry = z.output<typeof carried>;

export const verifyInput = z.strictObject({
  sourcePath: absolutePath('the path', '/mnt/old').describe(
    'Absolute path of the Backup Path to verify, as the worker sees it. Example: "/mnt/old"',
  ),
  accounts: z
    .array(text('an account'))
    .max(100_000)
    .default([])
    .describe(
      'Only these accounts (addresses or ids) and the blobs that they name; orphans are then not counted. Default: all. Example: ["jane@example.com"]',
    ),
  sample,
  threads: z
    .int()
    .min(1)
    .max(64)
    .nullable()
    .default(null)
    .describe('How many threads read, 1 to 64. Default: null (one a core)'),
  advanced: z
    .strictObject({
      sliceSeconds: z
        .number()
        .min(0.05)
        .max(600)
        .default(60)
        .describe('Longest work unit, which is what a killed worker loses, seconds. Default: 60'),
      continueAsNewAfterEvents: z
        .int()
        .min(20)
        .nullable()
        .default(null)
        .describe(
          'Continue as new after this many history events. Default: null (when the server suggests it)',
        ),
      heartbeatSeconds,
    })
    .prefault({})
    .describe('For tests and rare needs.'),
  carry: carried.optional().describe('Internal: what a run hands to the next one. Leave it out.'),
});
export type VerifyInput = z.output<typeof verifyInput>;
/** What a client may send: everything but the path has a default. */
export type VerifyRequest = z.input<typeof verifyInput>;

export const verifyExample: VerifyRequest = { sourcePath: '/mnt/old', sample: 5 };

export type VerifyPhaseName =
  'reading blobs' | 'reading metadata' | 'looking at orphans' | 'report' | 'ended';

export interface VerifyStatus {
  phase: VerifyPhaseName;
  /** Blobs and metadata files of items that were read so far. */
  checked: number;
  bytes: number;
  accounts: number;
  /** So far, by class; the notes on intact blobs (trailing-bytes) are not among them. */
  findings: number;
}

export interface VerifyResult {
  status: 'clean' | 'findings';
  operationId: string;
  /** Blobs and metadata files of items that were read. */
  checked: number;
  blobs: number;
  items: number;
  accounts: number;
  /** Of the content of the intact blobs. */
  bytes: number;
  /** Blobs that no metadata names; null when only some accounts were verified. */
  orphans: number | null;
  read: number;
  broken: number;
  invalid: number;
  doubleGzipped: number;
  /** Folder of verify.json and verify.txt, on the worker's machine. */
  reportDir: string;
}
