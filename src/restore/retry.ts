/** From the report of a restore to a restore of what it could not bring back. */
import type { ExternalRestoreRequest } from '../contracts/external-restore';
import type { RetryUnrestoredInput } from '../contracts/retry-unrestored';
import { Problem } from '../failures';
import { operationDir, type OperationName } from '../host/operation-dir';
import type { ItemClass } from '../report/model';
import { readUnrestored, type UnrestoredReport } from '../report/read-unrestored';
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
  if (chosen.size === 0) return { restore: null, items: 0 };
  const list = chosenFile(operationDir(stateDir, 'retries', name));
  writeChosen(list, chosen);
  const { options } = report;
  return {
    items: countListed(chosen),
    restore: {
      sourcePath,
      target: input.target ?? options?.target ?? report.target.url,
      onlyItems: list,
      notifications: input.notifications,
      ...(options
        ? {
            ...(options.date === undefined ? {} : { date: options.date }),
            filterDeleted: options.filterDeleted,
            maxFileSize: options.maxFileSize,
            onInvalid: options.onInvalid,
            ...options.provisioning,
          }
        : {}),
    },
  };
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
export function requireSameServer(sourcePath: string, { source, operationId }: UnrestoredReport): void {
  const { serverId, serverName } = openStore(sourcePath, false).marker;
  if (serverId === source.serverId) return;
  throw new Problem(
    'InvalidInput',
    `${sourcePath} is the Backup Path of ${serverName}, which is not the server that the report of ${operationId} is about.`,
    { field: 'sourcePath' },
  );
}

/** What stands for a folder that could not be listed has no id: then the whole account is looked through again. */
export function unrestoredItems(report: UnrestoredReport, classes: readonly ItemClass[]): Chosen {
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
