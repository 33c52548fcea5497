/** The report of an operation, from what the ledger knows of it. */
import type { OperationLedger } from '../ledger/operation-ledger';
import {
  ITEM_CLASSES,
  type AccountReport,
  type ItemClass,
  type NotificationResult,
  type ReportStatus,
  type RestoreReport,
} from '../report/model';
import type { Session } from './session';

export interface Ending {
  readonly status: ReportStatus;
  readonly failure?: string;
  /** Epoch milliseconds. */
  readonly endedAt: number;
  readonly phases: readonly { name: string; seconds: number }[];
  readonly notifications: readonly NotificationResult[];
  readonly engineReason: string;
}

export function reportOf({ request, store, target, operation }: Session, ending: Ending): RestoreReport {
  const row = operation.row();
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
      operationId: request.operationId,
      operation: 'External Restore',
      status: ending.status,
      ...(ending.failure === undefined ? {} : { failure: ending.failure }),
      engine: { name: 'direct', reason: ending.engineReason },
      source: {
        path: store.root,
        serverName: store.marker.serverName,
        serverId: store.marker.serverId,
        dialect: store.dialect.name,
      },
      target: { url: target.id, description: target.description },
      startedAt: new Date(row.startedAt).toISOString(),
      endedAt: new Date(ending.endedAt).toISOString(),
      phases: ending.phases,
      provisioned: provisionCounts,
      totals: totals.counters,
      unrestoredByClass: byClass(operation),
      notes: [...row.notes, ...provisionNotes],
      notifications: ending.notifications,
      progress: totals.points,
    },
    accounts: accountReports(operation),
  };
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
