/** Inputs and results of the workflows that restore from a copy of a Backup Path to the server that it belongs to. */
import { z } from 'zod';
import { absolutePath, notifications, text } from './fields';
import { isIso, moment } from './recovery';
import { turnCarry } from './operation-queue';
import { runbookFields } from './runbook';

const accounts = z
  .array(
    z.strictObject({
      account: text('the account').describe(
        'Address, or id of a deleted account. Example: "jane@example.com"',
      ),
      destinationAccount: text('the account').describe(
        'Address of the account that is made. Example: "jane.restored@example.com"',
      ),
      date: moment('last')
        .refine((value) => !isIso(value), 'must be dd/MM/yyyy HH:mm:ss in the time zone of the mail host')
        .default('last')
        .describe(
          'As it was then: of an account that lives, a moment before the loss. Default: "last". Example: "24/12/2025 12:00:00"',
        ),
    }),
  )
  .min(1, 'name at least one account')
  .max(1_000)
  .describe(
    'What is restored. Example: [{"account":"jane@example.com","destinationAccount":"jane.restored@example.com","date":"24/12/2025 12:00:00"}]',
  );

const copyPath = absolutePath('the path', '/mnt/copy').describe(
  'The copy of the Backup Path, as the mail host sees it. Example: "/mnt/copy"',
);
const deadlineSeconds = z
  .number()
  .min(60)
  .max(604_800)
  .default(86_400)
  .describe(
    'After how long path, scanner and schedules go back though it is not done, seconds. Default: 86400',
  );

export const sameServerRestoreInput = z.strictObject({
  ...{ copyPath, accounts, deadlineSeconds, notifications },
  ...runbookFields,
});
export type SameServerRestoreInput = z.output<typeof sameServerRestoreInput>;
export type SameServerRestoreRequest = z.input<typeof sameServerRestoreInput>;

export const sameServerRestoreExample: SameServerRestoreRequest = {
  copyPath: '/mnt/copy',
  accounts: [
    {
      account: 'jane@example.com',
      destinationAccount: 'jane.restored@example.com',
      date: '24/12/2025 12:00:00',
    },
  ],
};

/** Of the workflow that works inside the changed path. */
export const restoreFromCopyInput = z.strictObject({
  ...{ copyPath, accounts, deadlineSeconds },
  serverId: z.string().describe('Of the server that the copy was of when people agreed.'),
  advanced: runbookFields.advanced,
  turn: turnCarry.optional(),
});
export type RestoreFromCopyRequest = z.input<typeof restoreFromCopyInput>;
export const restoreFromCopyExample: RestoreFromCopyRequest = {
  ...sameServerRestoreExample,
  serverId: '0d9d3b5c-6a52-4c1f-9a3e-5b1f0d8f2c11',
};

export interface RestoredFromCopy {
  readonly account: string;
  readonly destinationAccount: string;
  readonly hostOperation: string;
  readonly reportDir: string;
}
export interface RestoreFromCopyResult {
  readonly restored: readonly RestoredFromCopy[];
  readonly failures: readonly { readonly account: string; readonly why: string }[];
  /** How path, scanner and schedules went back, a sentence each. */
  readonly back: readonly string[];
  /** Whether all of them are as they were. */
  readonly allBack: boolean;
}

export interface SameServerRestoreResult {
  /** `partial`: people left the rest out. */
  readonly status: 'completed' | 'partial';
  readonly operationId: string;
  readonly restored: readonly RestoredFromCopy[];
  /** Accounts that were asked for and are not restored. */
  readonly missing: readonly string[];
}
