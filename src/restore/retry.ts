/** From the report of a restore to a restore of what it could not bring back. */
import type { ExternalRestoreRequest } from '../contracts/external-restore';
import type { RetryUnrestoredInput } from '../contracts/retry-unrestored';
import { Problem } from '../failures';
import { operationDir, type OperationName } from '../host/operation-dir';
import type { ItemClass } from '../report/model';
import { isOfHost, NOT_KNOWN, readUnrestored, type UnrestoredReport } from '../report/read-unrestored';
import { chosenFile, writeChosen, type Chosen } from './chosen';
import { openStore } from './session';

export interface RetryPlan {
  /** Input of the restore; null: there is nothing to retry. */
  readonly restore: ExternalRestoreRequest | null;
  /** Null when whole accounts are among them. */
  readonly items: number | null;
}

/** @throws Problem `InvalidInput` for a report that cannot be used, as `openStore` */
export function planRetry(stateDir: string, name: OperationName, input: RetryUnrestoredInput): RetryPlan {
  const report = readUnrestored(stateDir, input.report);
  requireWhole(report);
  const sourcePath = input.sourcePath ?? report.source.path;
  requireSameServer(sourcePath, report);
  const chosen = unrestoredItems(report, input.classes);
  if (isOfHost(report) && input.target === undefined) leaveOutNeverMade(report, chosen);
  if (chosen.size === 0) return { restore: null, items: 0 };
  const list = chosenFile(operationDir(stateDir, 'retries', name));
  writeChosen(list, chosen);
  return { items: countListed(chosen), restore: restoreOf(report, { ...input, sourcePath }, list) };
}

export interface RetryPlaces {
  readonly sourcePath: string;
  readonly target?: string | undefined;
  readonly notifications: ExternalRestoreRequest['notifications'];
}

/**
 * The restore of listed items by the rules of the report. The mail host restores whole accounts, so of those that it
 * restored it runs the accounts again, without making them anew; what is there is skipped.
 */
export function restoreOf(
  report: UnrestoredReport,
  { sourcePath, target, notifications }: RetryPlaces,
  list: string,
): ExternalRestoreRequest {
  const { options } = report;
  const rules = options && {
    ...(options.date === undefined ? {} : { date: options.date }),
    filterDeleted: options.filterDeleted,
    maxFileSize: options.maxFileSize,
    ...options.provisioning,
  };
  const common = { sourcePath, onlyItems: list, notifications, ...rules };
  if (isOfHost(report) && target === undefined) {
    return {
      ...{ ...common, engine: 'carbonio', countExcluded: false },
      ...{ skipAccountProvisioning: true, skipDomainProvisioning: true },
    };
  }
  // a retry changes no setting of the host: restoreInvalidItems does
  const onInvalid = options?.onInvalid === 'save' ? 'save' : 'report';
  return { ...common, target: target ?? options?.target ?? report.target.url, onInvalid };
}

/**
 * Of an account whose account_info could not be read the mail host has made nothing, and making accounts anew would set
 * the passwords of all that are listed.
 * @throws Problem `InvalidInput` when there are only such
 */
function leaveOutNeverMade({ accounts }: UnrestoredReport, chosen: Map<string, unknown>): void {
  const never = Object.entries(accounts).filter(([name, { id }]) => name === id && chosen.has(id));
  for (const [, { id }] of never) chosen.delete(id);
  if (never.length === 0 || chosen.size > 0) return;
  const ids = never.slice(0, 20).map(([, { id }]) => id);
  throw new Problem(
    'InvalidInput',
    `The mail host has never made the accounts ${ids.join(', ')}: restore them with a restore of their own (engine ` +
      `carbonio, accounts ${JSON.stringify(ids)}).`,
    { field: 'report' },
  );
}

/** @throws Problem `InvalidInput`: one that has a mailbox or a moment of its own knows more than its report */
function requireWhole({ operation, operationId }: UnrestoredReport): void {
  if (operation === undefined || operation === 'External Restore') return;
  throw new Problem(
    'InvalidInput',
    `${operationId} is a ${operation}: start it again instead, what is there is skipped.`,
    { field: 'report' },
  );
}

/** @throws Problem `InvalidInput`: ids of items say nothing in the store of another server */
export function requireSameServer(sourcePath: string, report: UnrestoredReport): void {
  const { source, operationId } = report;
  // of a store that only the mail host can read nobody here knows whose it is
  if (isOfHost(report) && source.serverId === NOT_KNOWN) return;
  const { serverId, serverName } = openStore(sourcePath, false).marker;
  if (serverId === source.serverId) return;
  throw new Problem(
    'InvalidInput',
    `${sourcePath} is the Backup Path of ${serverName}, which is not the server that the report of ${operationId} is about.`,
    { field: 'sourcePath' },
  );
}

/** What stands for a folder that could not be listed has no id: then the whole account is looked through again. */
export function unrestoredItems(
  report: UnrestoredReport,
  classes: readonly ItemClass[],
): Map<string, number[] | 'all'> {
  const chosen = new Map<string, number[] | 'all'>();
  for (const { id, unrestored } of Object.values(report.accounts)) {
    const items = unrestored.filter((finding) => classes.includes(finding.class)).map(({ item }) => item);
    if (items.length > 0) chosen.set(id, items.includes(0) ? 'all' : items);
  }
  return chosen;
}

function countListed(chosen: Chosen): number | null {
  let sum = 0;
  for (const items of chosen.values()) {
    if (items === 'all') return null;
    sum += items.length;
  }
  return sum;
}
