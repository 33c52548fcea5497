/** Fields by which a restore of one account, or of a part of one, is done by the engine direct, and what they mean. */
import { z } from 'zod';
import { carried, restoreTuning, type ExternalRestoreRequest } from './external-restore';
import { absolutePath, text } from './fields';
import { parseItemList } from './item-list';
import { isIso, topFolder, type Recovery } from './recovery';

/** Of every such operation. */
export const directFields = {
  engine: z
    .enum(['auto', 'direct', 'carbonio'])
    .default('auto')
    .describe(
      'direct reads a Backup Path itself, carbonio lets the mail host work on its own backup. Default: auto (direct with a sourcePath, else carbonio)',
    ),
  sourcePath: absolutePath('the path', '/mnt/old')
    .optional()
    .describe('Engine direct: Backup Path to restore from, as the worker sees it. Example: "/mnt/old"'),
  target: text('the target')
    .optional()
    .describe(
      'Engine direct: where the mailboxes are. Default: LIFEBOAT_TARGET of the worker. Example: "maildir:/srv/mail"',
    ),
  onInvalid: z
    .enum(['report', 'save'])
    .optional()
    .describe(
      'Engine direct: messages that the target refuses are listed (report), or written as .eml files beside the report too (save). Default: report',
    ),
  carry: carried.optional().describe('Internal: what a run hands to the next one. Leave it out.'),
};

export const folderField = topFolder
  .optional()
  .describe(
    'Engine direct: one folder for everything, at the top of the mailbox. Default: where it was. Example: "Restored"',
  );

/** Beside those of the mail host. */
export const { heartbeatSeconds: _shared, ...directTuning } = restoreTuning;

/** Of an export, which has no target. */
export const directExportFields = {
  engine: directFields.engine,
  sourcePath: directFields.sourcePath.describe(
    'Engine direct: Backup Path to export from, as the worker sees it. Example: "/mnt/old"',
  ),
  accounts: z
    .array(text('an account'))
    .max(100_000)
    .optional()
    .describe(
      'Engine direct: only these accounts (addresses or ids). Default: all. Example: ["jane@example.com"]',
    ),
  concurrentAccounts: z
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe('Engine direct: how many accounts are exported at the same time, 1 to 64. Default: 2'),
  verify: z
    .boolean()
    .optional()
    .describe(
      'Engine direct: read the whole export at its end and tell what is wrong with it. Default: false',
    ),
};

export interface DirectInput {
  readonly engine: 'auto' | 'direct' | 'carbonio';
  readonly sourcePath?: string | undefined;
  readonly target?: string | undefined;
  readonly onInvalid?: 'report' | 'save' | undefined;
  readonly notifications: string[];
  readonly carry?: z.output<typeof carried> | undefined;
  readonly advanced: Record<'sliceSeconds' | 'patienceSeconds' | 'heartbeatSeconds', number> & {
    readonly continueAsNewAfterEvents: number | null;
  };
}

export const isDirect = ({ engine, sourcePath }: Pick<DirectInput, 'engine' | 'sourcePath'>): boolean =>
  engine === 'direct' || (engine === 'auto' && sourcePath !== undefined);

const ONLY_DIRECT = [
  'sourcePath',
  'target',
  'onInvalid',
  'folder',
  'existingAccount',
  'accounts',
  'concurrentAccounts',
  'verify',
] as const;

/** What does not go with the engine that the input comes to. For `superRefine`. */
export function fitEngine(input: Pick<DirectInput, 'engine' | 'sourcePath'>, context: z.RefinementCtx): void {
  const refuse = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  const values = input as Readonly<Record<string, unknown>>;
  if (isDirect(input)) {
    if (input.sourcePath === undefined) refuse('sourcePath', 'is needed by the engine direct');
    const { itemId } = values;
    if (typeof itemId === 'string' && !Array.isArray(parseItemList(itemId)))
      refuse('itemId', 'must be ids of items, such as 2057 or 856,13339');
    return;
  }
  for (const field of ONLY_DIRECT) {
    if (values[field] === undefined) continue;
    refuse(field, 'is for the engine direct only, which needs a sourcePath');
  }
  for (const [field, value] of Object.entries(values)) {
    if (typeof value === 'string' && isIso(value) && /date$/i.test(field))
      refuse(field, 'must be dd/MM/yyyy HH:mm:ss in the time zone of the mail host');
  }
}

interface Inputs {
  restoreOnNewAccount: {
    sourceAccount: string;
    destinationAccount: string;
    date: string;
    restoreDatasource: boolean;
    existingAccount?: boolean | undefined;
  };
  undelete: {
    account: string;
    startDate: string;
    endDate: string;
    targetOriginalFolder: boolean;
    folder?: string | undefined;
  };
  itemRestore: { account: string; itemId: string; date: string; folder?: string | undefined };
}
export type RecoveryName = keyof Inputs;

type Part = Partial<ExternalRestoreRequest> & { recovery: Recovery };
const ALL = { newAccount: null, existingAccount: false, items: null, deleted: null, folder: null };

const PARTS: { readonly [N in RecoveryName]: (input: Inputs[N]) => Part } = {
  restoreOnNewAccount: ({ sourceAccount, destinationAccount, date, restoreDatasource, existingAccount }) => ({
    date,
    restoreDatasource,
    recovery: {
      ...{ ...ALL, operation: 'Restore on New Account', account: sourceAccount },
      ...{ newAccount: destinationAccount, existingAccount: existingAccount ?? false },
    },
  }),
  undelete: ({ account, startDate, endDate, targetOriginalFolder, folder }) => ({
    // what is left of an item may be deleted states only
    ...{ filterDeleted: false, skipCoses: true },
    recovery: {
      ...{ ...ALL, operation: 'Undelete', account, deleted: { from: startDate, to: endDate } },
      folder: folder ?? (targetOriginalFolder ? null : true),
    },
  }),
  itemRestore: ({ account, itemId, date, folder }) => {
    const items = parseItemList(itemId);
    return {
      ...{ date, filterDeleted: false, skipCoses: true },
      recovery: {
        ...{ ...ALL, operation: 'Item Restore', account, folder: folder ?? null },
        items: Array.isArray(items) ? items : [],
      },
    };
  },
};

/** The restore by the engine direct that an input asks for. */
export function directRestore<N extends RecoveryName>(
  name: N,
  input: Inputs[N] & DirectInput,
): ExternalRestoreRequest {
  const { sourcePath = '', target, onInvalid, notifications, carry, advanced } = input;
  const { sliceSeconds, continueAsNewAfterEvents, heartbeatSeconds, patienceSeconds } = advanced;
  return {
    ...{ sourcePath, target, notifications, carry, engine: 'direct', onInvalid: onInvalid ?? 'report' },
    // the account alone: what belongs to others is theirs
    ...{ skipAliases: true, skipDistributionLists: true, countExcluded: false, concurrentAccounts: 1 },
    ...PARTS[name](input),
    advanced: { sliceSeconds, continueAsNewAfterEvents, heartbeatSeconds, patienceSeconds },
  };
}
