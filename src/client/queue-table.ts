/** The operation queue as a table for a terminal. */
import { printable, utcTime } from '../report/format';
import { progressLine } from './progress-text';
import type { QueuedOperation } from './queue';

const HEAD = ['#', 'STATE', 'KIND', 'OPERATION', 'QUEUED', 'STARTED', 'STARTED BY'];

export function queueTable(host: string, operations: readonly QueuedOperation[]): string {
  if (operations.length === 0) return `No operation runs or waits on ${host}.`;
  const rows = operations.map((one) => [
    one.startedAt === null ? String(one.position) : '',
    one.state,
    one.kind,
    one.id,
    utcTime(one.queuedAt),
    one.startedAt === null ? '' : utcTime(one.startedAt),
    one.startedBy,
  ]);
  const cells = [HEAD, ...rows].map((row) => row.map(printable));
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = lines;
  const first = operations[0];
  return [
    head,
    ...body.flatMap((line, at) => [line, ...details(operations[at])]),
    ...(first?.startedAt === null ? ['', 'No operation has the turn just now.'] : []),
  ].join('\n');
}

const INDENT = '   ';

function details(operation: QueuedOperation | undefined): string[] {
  if (!operation) return [];
  const { progress, cause } = operation;
  return [
    ...(progress === null ? [] : [`${INDENT}${progressLine(progress, null)}`]),
    ...(cause === undefined ? [] : [`${INDENT}stopping: ${printable(cause)}`]),
  ];
}
