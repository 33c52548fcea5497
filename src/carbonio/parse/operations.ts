/** Lists of operations. Only their JSON is documented; of a text list there is no sample anywhere, so it is refused. */
import { z } from 'zod';
import { isObject, type Answer, type HostAnswer } from './answer';
import { unknownOutput } from './excerpt';

export interface HostOperation {
  readonly id: string;
  /** `ZxBackup`, … */
  readonly module: string;
  /** `SmartScan`, …; that of an External Restore is not documented: go by the id. */
  readonly name: string;
  /** `Queued`, `Started` and `Stopping` are known to exist. Any other word: it may still be running. */
  readonly state: string;
  /** Of a log: `Started`, `Finished`, `Exception`, …. */
  readonly type: string | null;
  readonly host: string | null;
  /** Epoch milliseconds. */
  readonly queuedTime: number | null;
  readonly startTime: number | null;
  /** They differ by operation. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface OperationList {
  readonly operations: readonly HostOperation[];
  /** Work that the Real Time Scanner has yet to do, all hosts together; null when it is not told. */
  readonly realTimeScanOperations: number | null;
}

const UUID_TEXT = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const UUID = new RegExp(`^${UUID_TEXT}$`, 'i');
export const isUuid = (text: string): boolean => UUID.test(text);

const entry = z.object({
  id: z.string().regex(UUID),
  module: z.string().default(''),
  name: z.string(),
  state: z.string().min(1),
  type: z.string().nullish(),
  host: z.string().nullish(),
  queuedTime: z.number().nullish(),
  startTime: z.number().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});
const list = z.object({
  operationList: z.array(entry),
  realTimeScanOperations: z.number().nullish(),
});

/** @throws Problem `UnknownOutput` for text, and when one entry, or one host, is not as it should be */
export function operationList(answer: Answer): OperationList {
  if (answer.form === 'text') throw unknownOutput('The list of operations (it is not JSON)', answer.raw);
  if (answer.hosts.length === 0) throw unknownOutput('The list of operations (of no host)', answer.raw);
  const lists = answer.hosts.map(({ host, response }) => {
    const parsed = list.safeParse(response);
    if (!parsed.success) throw unknownOutput('The list of operations', answer.raw);
    return { host: host ?? null, ...parsed.data };
  });
  const counts = lists.flatMap(({ realTimeScanOperations: count }) =>
    typeof count === 'number' ? [count] : [],
  );
  return {
    operations: lists.flatMap(({ host, operationList }) =>
      operationList.map((found) => ({
        ...found,
        type: found.type ?? null,
        host: found.host ?? host,
        queuedTime: found.queuedTime ?? null,
        startTime: found.startTime ?? null,
        parameters: found.parameters ?? {},
      })),
    ),
    realTimeScanOperations: counts.length === lists.length ? counts.reduce((a, b) => a + b, 0) : null,
  };
}

/**
 * The id of an operation that was just started. What a start prints is not documented as text, and for JSON only by the
 * HTTP interface (`operationId`). So: that member; else a UUID that is named as one; else the first UUID in it.
 *
 * @param known UUIDs that were given in the call and may be repeated in the answer
 * @returns undefined when there is none: then it is to be looked for in the list of operations
 */
export function startedOperation(answer: Answer, known: ReadonlySet<string>): string | undefined {
  const members = answer.form === 'json' ? answer.hosts.flatMap(operationIds) : [];
  const ids = new Set(members);
  if (ids.size > 1) throw unknownOutput('The answer of the start (it names several operations)', answer.raw);
  if (members[0] !== undefined) return members[0];
  const named = new RegExp(`(?:operation[ _]?id\\W{1,5}|\\bmonitor )(${UUID_TEXT})`, 'i').exec(
    answer.raw,
  )?.[1];
  if (named !== undefined) return named.toLowerCase();
  const all = answer.raw.match(new RegExp(UUID_TEXT, 'gi')) ?? [];
  return all.map((id) => id.toLowerCase()).find((id) => !known.has(id));
}

function operationIds({ response }: HostAnswer): string[] {
  if (!isObject(response)) return [];
  return ['operationId', 'operationID', 'operation_id', 'operation_uuid'].flatMap((name) => {
    const id = response[name];
    return typeof id === 'string' && isUuid(id) ? [id.toLowerCase()] : [];
  });
}
