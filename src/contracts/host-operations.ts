/** Inputs and result of the operations that the Backup module of the mail host does on its own backup. */
import { z } from 'zod';
import type { ExportCounts } from '../export/model';
import { absolutePath, heartbeatSeconds, notifications, text } from './fields';
import { directExportFields, directFields, directTuning, fitEngine, folderField } from './direct-recovery';
import { turnCarry } from './operation-queue';
import { moment } from './recovery';

const list = (what: string) => z.array(text(what)).max(10_000).default([]);
const yes = (what: string) => z.boolean().default(true).describe(`${what} Default: true`);
const no = (what: string) => z.boolean().default(false).describe(`${what} Default: false`);

/** How the mail host is asked. */
export const hostTuning = {
  pollSeconds: z.number().min(0.1).max(600).default(5).describe('How often the host is asked. Default: 5'),
  settleSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(60)
    .describe('How long an operation whose start was not answered may still appear, seconds. Default: 60'),
  graceSeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(15)
    .describe('How long the report of one that has ended may still come, seconds. Default: 15'),
  heartbeatSeconds,
};

const common = {
  notifications,
  advanced: z.strictObject(hostTuning).prefault({}).describe('For tests and rare needs.'),
  turn: turnCarry
    .optional()
    .describe('Internal: the place in the operation queue, for the next run. Leave it out.'),
};

/** Also by the engine direct, from any Backup Path into any target. */
const either = {
  ...common,
  ...directFields,
  advanced: z
    .strictObject({ ...hostTuning, ...directTuning })
    .prefault({})
    .describe('For tests and rare needs.'),
};

const account = text('the account').describe(
  'Address, or id of a deleted account. Example: "jane@example.com"',
);

export const HOST_INPUTS = {
  smartScan: z.strictObject({ deep: no('Look at every item, not only at what changed.'), ...common }),
  exportBackup: z
    .strictObject({
      destinationPath: absolutePath('the destination', '/mnt/export').describe(
        'Folder for the copy, on the mail host or (engine direct) as the worker sees it. Example: "/mnt/export"',
      ),
      domains: list('a domain').describe('Only these domains. Default: all. Example: ["example.com"]'),
      ...common,
      ...directExportFields,
      advanced: either.advanced,
    })
    .superRefine(fitEngine),
  restoreOnNewAccount: z
    .strictObject({
      sourceAccount: account,
      destinationAccount: text('the account').describe(
        'Address of the account that is made. Example: "jane.restored@example.com"',
      ),
      date: moment('last')
        .default('last')
        .describe('As it was then. Default: "last". Example: "24/12/2025 12:00:00"'),
      restoreDatasource: yes('Take over external accounts.'),
      existingAccount: z
        .boolean()
        .optional()
        .describe(
          'Engine direct: also into a mailbox that is there already; nothing in it is changed. Default: false',
        ),
      ...either,
    })
    .superRefine(fitEngine),
  undelete: z
    .strictObject({
      account,
      startDate: moment('first').default('first').describe('Deleted since then. Default: "first"'),
      endDate: moment('last').default('last').describe('Deleted until then. Default: "last"'),
      targetOriginalFolder: yes('Into the folders where the items were.'),
      folder: folderField,
      ...either,
    })
    .superRefine(fitEngine),
  itemRestore: z
    .strictObject({
      account,
      itemId: text('the item').describe(
        'Its id; by the engine direct also several: 856,13339. Example: "2057"',
      ),
      date: moment('last').default('last').describe('As it was then. Default: "last"'),
      folder: folderField,
      ...either,
    })
    .superRefine(fitEngine),
  coherencyCheck: z.strictObject({
    backupPath: absolutePath('the path', '/opt/zextras/backup/zextras').describe(
      'Backup Path, as the mail host sees it. Example: "/opt/zextras/backup/zextras"',
    ),
    accounts: list('an account').describe('Only these accounts, by their ids. Default: all'),
    checkZimbra: no('Compare with the mailboxes too.'),
    fixBackup: no('Move what is bad away.'),
    ...common,
  }),
  purge: z.strictObject({
    days: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .describe(
        'Remove what was deleted longer ago, days. Default: the retention of the mail host. Example: 30',
      ),
    ...common,
  }),
} as const;

export type HostOperationName = keyof typeof HOST_INPUTS;
export type HostOperationInput<N extends HostOperationName = HostOperationName> = z.output<
  (typeof HOST_INPUTS)[N]
>;
export type HostOperationRequest<N extends HostOperationName = HostOperationName> = z.input<
  (typeof HOST_INPUTS)[N]
>;

export const HOST_EXAMPLES: { readonly [N in HostOperationName]: HostOperationRequest<N> } = {
  smartScan: { deep: false },
  exportBackup: { destinationPath: '/mnt/export', domains: ['example.com'] },
  restoreOnNewAccount: {
    sourceAccount: 'jane@example.com',
    destinationAccount: 'jane.restored@example.com',
    date: '24/12/2025 12:00:00',
  },
  undelete: { account: 'jane@example.com', startDate: '01/12/2025 00:00:00', endDate: 'last' },
  itemRestore: { account: 'jane@example.com', itemId: '2057' },
  coherencyCheck: { backupPath: '/opt/zextras/backup/zextras' },
  purge: { days: 30 },
};

/** What people call them, and what they do. */
export const HOST_TITLES: Readonly<
  Record<HostOperationName, { readonly kind: string; readonly what: string }>
> = {
  smartScan: { kind: 'SmartScan', what: 'lets the mail host back up what changed' },
  exportBackup: { kind: 'Export', what: 'copies a Backup Path, or chosen accounts of it, into a folder' },
  restoreOnNewAccount: {
    kind: 'Restore on New Account',
    what: 'an account as it was, also a deleted one, as a new one',
  },
  undelete: { kind: 'Undelete', what: 'brings back what was deleted between two moments' },
  itemRestore: { kind: 'Item Restore', what: 'brings back an item of an account' },
  coherencyCheck: {
    kind: 'Coherency Check',
    what: 'lets the mail host read its backup and tell what is wrong',
  },
  purge: { kind: 'Purge', what: 'lets the mail host remove what is past its retention' },
};

export interface HostOperationResult {
  readonly status: 'completed';
  readonly operationId: string;
  /** Its UUID on the mail host. */
  readonly hostOperation: string;
  /** As the mail host says. */
  readonly stats: Readonly<Record<string, string>>;
  /** Backups that are off, of what this operation works on, as it began. */
  readonly notes: readonly string[];
  /** Folder of report.txt and report.json, on the worker's machine. */
  readonly reportDir: string;
}

export interface HostOperationStatus {
  readonly phase: 'preflight' | 'queued' | 'working' | 'stopping' | 'ended';
  /** What the host says of it; null when nothing works there. */
  readonly onHost: string | null;
  readonly queue: { position: number; queued: number; waitsFor: string | null } | null;
}

/** Of an export by the engine direct. */
export interface DirectExportResult extends ExportCounts {
  /** `partial`: something is not in the export, or the verification found something. */
  readonly status: 'completed' | 'partial';
  readonly operationId: string;
  readonly accounts: number;
  /** Accounts whose backup is switched off, or which are damaged. */
  readonly leftOut: number;
  /** What is in the report: damaged items, earlier states that were left out, damaged accounts. */
  readonly findings: number;
  /** Findings of the verification; null when there was none. */
  readonly verified: number | null;
  readonly destination: string;
  /** Folder of report.json, on the worker's machine. */
  readonly reportDir: string;
}

export interface DirectExportStatus extends ExportCounts {
  readonly phase: 'preflight' | 'queued' | 'copying' | 'report' | 'verifying' | 'ended';
  /** Metadata files of the chosen accounts; known after the preflight. */
  readonly total: number;
  readonly accounts: number;
  readonly accountsDone: number;
  readonly queue: { position: number; queued: number; waitsFor: string | null } | null;
}
