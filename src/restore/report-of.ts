/** The report of an operation, from what the ledger knows of it. */
import type { OperationLedger } from '../ledger/operation-ledger';
import {
  ITEM_CLASSES,
  PROVISION_RULES,
  type AccountReport,
  type ItemClass,
  type NotificationResult,
  type ProgressPoint,
  type ReportStatus,
  type RetriedInvalid,
  type RestoreReport,
} from '../report/model';

import { withoutPassword } from '../report/format';
import type { RestoreRequest } from './request';
import type { View } from './view';

/** What people call the operation. */
export const kindOf = ({ recovery }: RestoreRequest['input']) => recovery?.operation ?? 'External Restore';

export interface Ending {
  readonly status: ReportStatus;
  readonly failure?: string;
  /** Epoch milliseconds. */
  readonly endedAt: number;
  readonly phases: readonly { name: string; seconds: number }[];
  readonly notifications: readonly NotificationResult[];
  readonly engineReason: string;
  /** What became of the invalid items afterwards. */
  readonly retriedInvalid?: RetriedInvalid;
}

/** Needs neither the source nor the target: a restore that ends because one is gone is reported all the same. */
export function reportOf(
  operation: OperationLedger,
  ending: Ending,
  input: RestoreRequest['input'],
): RestoreReport {
  const row = operation.row();
  const { places } = row;
  const totals = operation.totals();
  const provisioned = row.provisioned ?? {
    domains: 0,
    coses: 0,
    lists: 0,
    accounts: 0,
    aliases: 0,
    existing: 0,
    notes: [],
  };
  const { notes: provisionNotes, ...provisionCounts } = provisioned;
  return {
    head: {
      version: 1,
      operationId: row.id,
      operation: kindOf(input),
      status: statusOf(operation, ending.status),
      ...(ending.failure === undefined ? {} : { failure: ending.failure }),
      engine: { name: 'direct', reason: ending.engineReason },
      source: {
        path: places.sourceRoot,
        serverName: places.serverName,
        serverId: places.serverId,
        dialect: places.dialect,
      },
      target: { url: places.targetId, description: places.targetDescription },
      options: {
        ...(input.target === undefined ? {} : { target: withoutPassword(input.target) }),
        ...dateOf(row.view),
        filterDeleted: input.filterDeleted,
        maxFileSize: input.maxFileSize,
        onInvalid: input.onInvalid,
        provisioning: Object.fromEntries(PROVISION_RULES.map((rule) => [rule, input[rule]])),
      },
      startedAt: new Date(row.startedAt).toISOString(),
      endedAt: new Date(ending.endedAt).toISOString(),
      phases: ending.phases,
      provisioned: provisionCounts,
      totals: totals.counters,
      unrestoredByClass: byClass(operation),
      notes: [...row.notes, ...provisionNotes],
      notifications: ending.notifications,
      progress: progressOf(operation.points(), totals.handled),
    },
    accounts: accountReports(operation),
  };
}

/** A point is put down at the beginning of a second; what came behind the last one belongs to it. */
const progressOf = (points: readonly ProgressPoint[], handled: number): ProgressPoint[] =>
  points.map((point, at) => (at === points.length - 1 ? { ...point, items: handled } : point));

/** The moment, in a form that means the same everywhere. */
const dateOf = (view: View | undefined): { date?: string } =>
  typeof view?.date === 'number' ? { date: new Date(view.date).toISOString() } : {};

/** Partial also when whole accounts could not be restored, be they empty. */
function statusOf(operation: OperationLedger, status: ReportStatus): ReportStatus {
  if (status !== 'completed') return status;
  return operation.totals().counters.unrestored > 0 || hasLostAccounts(operation) ? 'partial' : 'completed';
}

/** Whether there are accounts of which nothing could be restored, be they empty. */
export function hasLostAccounts(operation: OperationLedger): boolean {
  for (const [, row] of operation.allWork()) if (row.excluded === null && row.defect !== null) return true;
  return false;
}

function byClass(operation: OperationLedger): Record<ItemClass, number> {
  const counts = Object.fromEntries(ITEM_CLASSES.map((name) => [name, 0])) as Record<ItemClass, number>;
  for (const finding of operation.allFindings()) counts[finding.class]++;
  return counts;
}

function* accountReports(operation: OperationLedger): Generator<AccountReport> {
  for (const [seq, row] of operation.allWork()) {
    yield {
      id: row.id,
      name: row.name,
      ...(row.excluded === null ? {} : { excluded: row.excluded }),
      counters: row.counters,
      findings: operation.findings(seq),
      notes: operation.notes(seq),
    };
  }
}
