/** The options of `lifeboat restore`, with the names that administrators know, and the input that they make. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import {
  externalRestoreInput,
  type ExternalRestoreInput,
  type ExternalRestoreRequest,
} from '../contracts/external-restore';
import { describeIssues } from '../contracts/input';
import { ON_INVALID } from '../contracts/restore-invalid-items';
import { localPathOf } from '../mail/open-target';
import { CommandError } from './errors';
import { list, untilThen, wholeNumber } from './options';

export interface RestoreOptions {
  accounts?: string[];
  domains?: string[];
  target?: string;
  date?: string;
  engine?: 'auto' | 'direct' | 'carbonio';
  includeDeleted?: boolean;
  includeSystemAccounts?: boolean;
  skipAliases?: boolean;
  skipDistributionLists?: boolean;
  skipCoses?: boolean;
  skipAccountProvisioning?: boolean;
  skipDomainProvisioning?: boolean;
  overwriteAccounts?: boolean;
  provisioningOnly?: boolean;
  notifications?: string[];
  concurrentAccounts?: number;
  maxFileSize?: number;
  restoreDatasource: boolean;
  forceAsExternalRestore?: boolean;
  onInvalid?: (typeof ON_INVALID)[number];
  acceptRisk?: boolean;
  countExcluded: boolean;
}

export function addRestoreOptions(command: Command): Command {
  return command
    .option(
      '--target <url>',
      'where to: maildir:DIR, imap://…, imaps://…, lmtp://… or carbonio://… (default: LIFEBOAT_TARGET of the worker)',
    )
    .option('--date <time>', 'as it was then, such as "24/12/2025 12:00:00" (default: as it is)', untilThen)
    .option('--accounts <a,b>', 'only these accounts, addresses or ids', list)
    .option('--domains <d,e>', 'only accounts of these domains', list)
    .option('--include-deleted', 'restore deleted items and accounts too, without the mark')
    .option('--include-system-accounts', 'restore system accounts (spam, ham, galsync) too')
    .option('--provisioning-only', 'stop after domains, lists and accounts')
    .option('--concurrent-accounts <n>', 'accounts restored at the same time (default: 2)', wholeNumber)
    .option('--max-file-size <bytes>', 'leave out items larger than this', wholeNumber)
    .addOption(
      new Option(
        '--on-invalid <what>',
        'messages that the target refuses: report them, save them beside the report too, or restore them at the end with ' +
          'the validator of the mail host raised, or off, meanwhile',
      ).choices(ON_INVALID),
    )
    .option('--accept-risk', 'needed for --on-invalid retryWithoutValidator')
    .option('--overwrite-accounts', 'set attributes and passwords of accounts that exist in the target')
    .option('--skip-aliases', 'create no aliases')
    .option('--skip-distribution-lists', 'create no distribution lists')
    .option('--skip-coses', 'create no classes of service')
    .option('--skip-account-provisioning', 'create no accounts; they must be in the target')
    .option('--skip-domain-provisioning', 'create no domains; they must be in the target')
    .option('--no-restore-datasource', 'leave out data sources (external accounts)')
    .option('--no-count-excluded', 'do not count the items of accounts that are left out; saves time')
    .option('--notifications <a@b,c@d>', 'who is told of start, PHASE 1 and end, beside the admins', list)
    .option('--force-as-external-restore', 'go on where the preflight would refuse (target too small)')
    .addOption(
      new Option('--engine <name>', 'which engine restores').choices(['auto', 'direct', 'carbonio']),
    );
}

/** What has another name on the command line than in the contract. */
const FLAGS: Readonly<Record<string, string>> = {
  sourcePath: '<sourcePath>',
  filterDeleted: '--include-deleted',
  skipSystemAccounts: '--include-system-accounts',
  restoreDatasource: '--no-restore-datasource',
  countExcluded: '--no-count-excluded',
};

function flagOf(field: string): string {
  return FLAGS[field] ?? `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export interface RestoreInput {
  /** As it is sent: only what was asked for, so that the UI shows no more than that. */
  readonly request: ExternalRestoreRequest;
  /** With every default filled in. */
  readonly input: ExternalRestoreInput;
}

/**
 * @param cwd what relative paths are relative to
 * @throws CommandError `InvalidInput` that names every option that is wrong; Problem `InvalidInput` for the target
 */
export function restoreInput(sourcePath: string, options: RestoreOptions, cwd: string): RestoreInput {
  const { includeDeleted, includeSystemAccounts, restoreDatasource, countExcluded, target, ...same } =
    pick(options);
  const request: ExternalRestoreRequest = {
    // an empty path is refused by the contract; resolved, it would be the current folder
    sourcePath: sourcePath.trim() === '' ? '' : resolve(cwd, sourcePath),
    ...(target === undefined ? {} : { target: absoluteTarget(target, cwd) }),
    ...same,
    ...(includeDeleted ? { filterDeleted: false } : {}),
    ...(includeSystemAccounts ? { skipSystemAccounts: false } : {}),
    ...(restoreDatasource ? {} : { restoreDatasource: false }),
    ...(countExcluded ? {} : { countExcluded: false }),
  };
  const parsed = externalRestoreInput.safeParse(request);
  if (!parsed.success) {
    const flags = [...new Set(parsed.error.issues.map((issue) => flagOf(String(issue.path[0]))))];
    throw new CommandError(
      'InvalidInput',
      `The input is not right: ${describeIssues(parsed.error, request)} (${flags.join(', ')}).`,
    );
  }
  if (request.target !== undefined) localPathOf(request.target);
  return { request, input: parsed.data };
}

/** Without the options that are not of the contract, which commander hands over in the same object. */
function pick(options: RestoreOptions): RestoreOptions {
  const known: Record<keyof RestoreOptions, true> = {
    accounts: true,
    domains: true,
    target: true,
    date: true,
    engine: true,
    includeDeleted: true,
    includeSystemAccounts: true,
    skipAliases: true,
    skipDistributionLists: true,
    skipCoses: true,
    skipAccountProvisioning: true,
    skipDomainProvisioning: true,
    overwriteAccounts: true,
    provisioningOnly: true,
    notifications: true,
    concurrentAccounts: true,
    maxFileSize: true,
    restoreDatasource: true,
    forceAsExternalRestore: true,
    onInvalid: true,
    acceptRisk: true,
    countExcluded: true,
  };
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => Object.hasOwn(known, name)),
  ) as unknown as RestoreOptions;
}

export function absoluteTarget(target: string, cwd: string): string {
  const [, scheme, rest] = /^(maildir:)(.*)$/is.exec(target) ?? [];
  if (scheme === undefined || rest === undefined) return target;
  // shells expand ~ only at the start of a word
  if (rest.startsWith('~')) {
    throw new CommandError('InvalidInput', `--target ${target}: write "$HOME" instead of ~ after maildir:.`);
  }
  // an empty path is refused by the target; resolved, it would be the current folder
  if (rest === '' || rest.startsWith('/') || rest.startsWith('?')) return target;
  const [path, ...query] = rest.split('?');
  return [`${scheme}${resolve(cwd, path ?? '')}`, ...query].join('?');
}
