/** Input, status and result of the workflow `restoreInvalidItems`. */
import { z } from 'zod';
import { carbonioOptions } from './engine';
import { absolutePath, heartbeatSeconds, notifications, text } from './fields';
import { turnCarry, turnOwner } from './operation-queue';
import { acceptRiskField, deadlineSeconds, lineLimitField } from './override';
import { reportField } from './retry-unrestored';

/** What becomes of items that a target refuses, as the input of a restore says. */
export const ON_INVALID = ['report', 'save', 'retry', 'retryWithoutValidator'] as const;

export const restoreInvalidItemsInput = z
  .strictObject({
    report: reportField,
    sourcePath: absolutePath('the path', '/mnt/copy')
      .optional()
      .describe(
        'Another copy of the same Backup Path to take the items from. Default: that of the report. Example: "/mnt/copy"',
      ),
    target: text('the target')
      .optional()
      .describe(
        'Where to. One that never meets the LMTP validator (maildir, imap) takes the items without a change of the mail host. Default: as in the report. Example: "imaps://mail.example.com"',
      ),
    lineLimit: lineLimitField.describe(
      'To how many bytes zimbra_lmtp_max_line_length is raised meanwhile, at most 1048576. Default: the longest line of these items. Example: 20000',
    ),
    disable: z
      .boolean()
      .default(false)
      .describe(
        'Switch the validator off meanwhile instead (zimbra_lmtp_validate_messages=false). Default: false',
      ),
    acceptRisk: acceptRiskField,
    dryRun: z
      .boolean()
      .default(false)
      .describe('Only tell which items these are, and what would be changed. Default: false'),
    deadlineSeconds,
    notifications,
    carbonio: carbonioOptions,
    advanced: z.strictObject({ heartbeatSeconds }).prefault({}).describe('For tests and rare needs.'),
    turnOf: turnOwner
      .optional()
      .describe('Internal: the operation in whose turn a child workflow works. Leave it out.'),
    turn: turnCarry
      .optional()
      .describe('Internal: the place in the operation queue, for the next run. Leave it out.'),
  })
  .refine(({ disable, lineLimit }) => !disable || lineLimit === undefined, {
    message: 'has no meaning with disable',
    path: ['lineLimit'],
  })
  .refine(({ disable, acceptRisk }) => !disable || acceptRisk, {
    message: 'must be true to switch the validator off',
    path: ['acceptRisk'],
  });
export type RestoreInvalidItemsInput = z.output<typeof restoreInvalidItemsInput>;
export type RestoreInvalidItemsRequest = z.input<typeof restoreInvalidItemsInput>;

export const restoreInvalidItemsExample: RestoreInvalidItemsRequest = {
  report: 'external-restore/old-0123456789ab',
};

/** Some of the items, for people: all of them stand in the report. */
export interface InvalidAccount {
  readonly name: string;
  readonly items: number;
  /** The first of them. */
  readonly ids: readonly number[];
}

export interface LongestLine {
  readonly bytes: number;
  readonly account: string;
  readonly item: number;
}

/** A setting of the mail host that is another one meanwhile. */
export interface InvalidChange {
  readonly key: string;
  readonly value: string;
  /** What it was; null before that is known. As people read it: `not set`. */
  readonly before: string | null;
  /** `reverted`; `left` when somebody else changed it meanwhile; `reload pending` while the server is down; null before. */
  readonly end: string | null;
}

export interface RestoreInvalidItemsStatus {
  phase:
    | 'reading the report'
    | 'queued'
    | 'changing the validator'
    | 'restoring'
    | 'going back'
    | 'counting'
    | 'ended';
  items: number | null;
  longestLine: LongestLine | null;
  change: InvalidChange | null;
  /** ISO 8601, UTC: when the setting goes back at the latest; null while nothing is changed. */
  deadline: string | null;
  /** Id of the operation that restores them, once it was started. */
  restore: string | null;
  queue: { position: number; queued: number; waitsFor: string | null } | null;
}

export interface RestoreInvalidItemsResult {
  /** `partial`: some are not restored, or the setting was not seen to be back. `planned`: a dry run. */
  status: 'completed' | 'partial' | 'planned';
  operationId: string;
  /** Invalid items of the report. `items = restored + unrestored`, but for a dry run. */
  items: number;
  /** Of them, in the target now. */
  restored: number;
  unrestored: number;
  /** Of the unrestored, refused once more. */
  stillInvalid: number;
  longestLine: LongestLine | null;
  accounts: readonly InvalidAccount[];
  /** Null: nothing was (or is to be) changed; `why` says why. */
  change: InvalidChange | null;
  why: string;
  /** The operation that restored, null when there was none. */
  restore: string | null;
  /** Folder of its report, on the worker's machine; with invalid-items.txt, which says what was changed. */
  reportDir: string | null;
  /** The list of these items; for the restore that this one belongs to. */
  list: string | null;
}

/** What was (or would be) changed and how it went back, or why nothing was. Without a full stop. */
export function changeText({
  change,
  why,
  status,
}: Pick<RestoreInvalidItemsResult, 'change' | 'why' | 'status'>): string {
  if (change === null) return `nothing is changed: ${why}`;
  const { key, value, before, end } = change;
  if (status === 'planned') return `${key} would be ${value} meanwhile: ${why}`;
  const went = end === 'reverted' ? `it is ${before} again, which was proved` : `before: ${before}; ${end}`;
  return `${key} was ${value} meanwhile (${why}); ${went}`;
}
