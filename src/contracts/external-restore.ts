/** Input, result and status of the workflow `externalRestore`. */
import { z } from 'zod';
import { carbonioOptions, carriedPauses, engineChoice } from './engine';
import { heartbeatSeconds, text } from './fields';
import { turnCarry, turnOwner } from './operation-queue';
import { moment, recovery } from './recovery';
import { ON_INVALID } from './restore-invalid-items';

/** Absent and null mean the same, so that a form may leave a field in place. */
const names = (what: string) => z.array(text(what)).max(100_000).default([]);

export const carried = z.object({
  plan: z.object({
    accounts: z.number(),
    files: z.number(),
    reportDir: z.string(),
    target: z.string(),
    engineReason: z.string(),
    ledgerId: z.string(),
    notify: z.boolean(),
  }),
  startedAt: z.number(),
  phases: z.array(z.object({ name: z.string(), seconds: z.number() })),
  phaseStartedAt: z.number(),
  notifications: z.array(z.object({ event: z.string(), to: z.array(z.string()), outcome: z.string() })),
  /** Of the engine carbonio. */
  pauses: carriedPauses.optional(),
});
/** What a run of a restore hands to the next one when it continues as new. */
export type ExternalRestoreCarry = z.output<typeof carried>;

/** How the direct engine works. */
export const restoreTuning = {
  sliceSeconds: z.number().min(0.05).max(60).default(30).describe('Longest work unit, seconds. Default: 30'),
  continueAsNewAfterEvents: z
    .int()
    .min(20)
    .nullable()
    .default(null)
    .describe('Continue as new after this many history events. Default: null (when the server suggests it)'),
  heartbeatSeconds,
  patienceSeconds: z
    .number()
    .min(0)
    .default(120)
    .describe(
      'How long reads that all fail the same way, on a source that seems healthy, are retried before they are classed, and a mailbox that says "later" while no other takes mail is asked again. Seconds. Default: 120',
    ),
};

const fields = z.strictObject({
  sourcePath: text('the path')
    .regex(/^\//, 'must be an absolute path, such as /mnt/old')
    .describe('Absolute path of the Backup Path to restore from, as the worker sees it. Example: "/mnt/old"'),
  target: text('the target')
    .optional()
    .describe(
      'Where the mailboxes are restored to. Default: LIFEBOAT_TARGET of the worker. Example: "maildir:/srv/mail"',
    ),
  date: moment('last')
    .optional()
    .describe(
      'Accounts and items as they were then; by the engine direct only. Default: "last". Example: "24/12/2025 12:00:00"',
    ),
  engine: z
    .enum(['auto', 'direct', 'carbonio'])
    .default('auto')
    .describe(
      'Which engine restores: direct reads the Backup Path itself, carbonio lets the Backup module of the mail host do it. Default: auto (direct for a known dialect, else carbonio). Example: "auto"',
    ),
  accounts: names('an account').describe(
    'Only these accounts (addresses or ids), in this order. Default: all. Example: ["jane@example.com"]',
  ),
  domains: names('a domain').describe(
    'Only accounts of these domains. Default: all. Example: ["example.com"]',
  ),
  filterDeleted: z
    .boolean()
    .default(true)
    .describe(
      'Leave out deleted items and accounts. With false they go to their original place, without the mark. Default: true',
    ),
  skipSystemAccounts: z
    .boolean()
    .default(true)
    .describe('Leave out system accounts (spam, ham, galsync). Default: true'),
  skipAliases: z.boolean().default(false).describe('Do not create aliases. Default: false'),
  skipDistributionLists: z
    .boolean()
    .default(false)
    .describe('Do not create distribution lists. Default: false'),
  skipCoses: z.boolean().default(false).describe('Do not create classes of service. Default: false'),
  skipAccountProvisioning: z
    .boolean()
    .default(false)
    .describe('Create no accounts; they must be in the target. Default: false'),
  skipDomainProvisioning: z
    .boolean()
    .default(false)
    .describe('Create no domains; they must be in the target. Default: false'),
  overwriteAccounts: z
    .boolean()
    .default(false)
    .describe(
      'Set attributes and passwords of accounts that exist in the target to the backed up ones. Default: false',
    ),
  provisioningOnly: z
    .boolean()
    .default(false)
    .describe('Stop after domains, lists and accounts; restore the items with a later run. Default: false'),
  notifications: z
    .array(z.email('must be a mail address'))
    .max(100)
    .default([])
    .describe(
      'Mail addresses that are told of start, PHASE 1 and end, beside those of the worker. Example: ["admin@example.com"]',
    ),
  concurrentAccounts: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('How many accounts are restored at the same time, 1 to 64. Default: 2'),
  maxFileSize: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('Leave out items larger than this many bytes. Default: null (no limit). Example: 52428800'),
  restoreDatasource: z
    .boolean()
    .default(true)
    .describe('Take over data sources (external accounts; never their passwords). Default: true'),
  forceAsExternalRestore: z
    .boolean()
    .default(false)
    .describe(
      'Go on where the preflight would refuse the restore (the target looks too small). Default: false',
    ),
  onInvalid: z
    .enum(ON_INVALID)
    .default('report')
    .describe(
      'What happens to messages that the target refuses: report lists them; save also writes them as .eml files beside the report (engine direct only); retry restores them at the end, with the line limit of the mail host raised to their longest line meanwhile; retryWithoutValidator with its validator off meanwhile, which needs acceptRisk. Default: report',
    ),
  acceptRisk: z
    .boolean()
    .optional()
    .describe(
      'Needed for onInvalid retryWithoutValidator: such messages can disturb display and mobile synchronisation. Default: false',
    ),
  countExcluded: z
    .boolean()
    .default(true)
    .describe(
      'Read the metadata of accounts that are left out too, so that the counts cover the whole source. false saves that time. Default: true',
    ),
  carbonio: carbonioOptions,
  advanced: z.strictObject(restoreTuning).prefault({}).describe('For tests and rare needs.'),
  engineChoice: engineChoice
    .optional()
    .describe('Internal: the engine that was chosen, for the next run. Leave it out.'),
  onlyItems: text('the list')
    .optional()
    .describe('Internal: a list of chosen items in the state folder of the worker. Leave it out.'),
  recovery: recovery
    .optional()
    .describe('Internal: what a restore of one account, or of a part of it, is. Leave it out.'),
  turnOf: turnOwner
    .optional()
    .describe('Internal: the operation in whose turn a child workflow works. Leave it out.'),
  turn: turnCarry
    .optional()
    .describe('Internal: the place in the operation queue, for the next run. Leave it out.'),
  carry: carried.optional().describe('Internal: what a run hands to the next one. Leave it out.'),
});
export const externalRestoreInput = fields.refine(
  ({ onInvalid, acceptRisk }) => onInvalid !== 'retryWithoutValidator' || acceptRisk === true,
  { message: 'must be true to switch the validator off', path: ['acceptRisk'] },
);
export type ExternalRestoreInput = z.output<typeof externalRestoreInput>;
/** What a client may send: everything but the path has a default. */
export type ExternalRestoreRequest = z.input<typeof externalRestoreInput>;

export const externalRestoreExample: ExternalRestoreRequest = {
  sourcePath: '/mnt/old',
  target: 'maildir:/srv/mail',
};

export type RestorePhase =
  | 'preflight'
  | 'queued'
  | 'provisioning'
  | 'items'
  | 'mountpoints and shares'
  | 'invalid items'
  | 'stopping'
  | 'report'
  | 'ended';

export interface ExternalRestoreStatus {
  phase: RestorePhase;
  /** Metadata files of the chosen accounts, all types; known after the preflight. */
  total: number;
  /** Of these, handled so far. */
  handled: number;
  restored: number;
  skipped: number;
  filtered: number;
  unrestored: number;
  accounts: number;
  accountsDone: number;
  /** While it waits for its turn on the host; null when it does not. `position` 1 is next. */
  queue: { position: number; queued: number; waitsFor: string | null } | null;
  /** What works on the mail host just now, and its own word for it; null with the engine direct. */
  onHost?: string | null;
  /** Items a second over the last work units, null before the first. */
  ratePerSecond: number | null;
  etaSeconds: number | null;
}

export interface ExternalRestoreResult {
  status: 'completed' | 'partial';
  operationId: string;
  source: number;
  restored: number;
  skipped: number;
  filtered: number;
  unrestored: number;
  /** Folder of the report, on the worker's machine. */
  reportDir: string;
  /** Where the mailboxes are. */
  target: string;
}
