/** Operations of the mail host: its queue, starting, stopping and watching them. */
import { Problem } from '../../failures';
import type { CallOptions, CarbonioCli } from '../cli';
import type { Answer } from '../parse/answer';
import { excerpt, unknownOutput } from '../parse/excerpt';
import { hasWholeBlock, lastBlock, type ProgressBlock } from '../parse/monitor';
import {
  isUuid,
  operationList,
  startedOperation,
  type HostOperation,
  type OperationList,
} from '../parse/operations';
import type { CommandName, CommandValues } from './commands';
import { valueWord, wordsOf } from './words';

/** What runs and what waits, of all modules. */
export async function getAllOperations(cli: CarbonioCli, options: CallOptions = {}): Promise<OperationList> {
  return operationList(await cli.call(['core', 'getAllOperations'], options));
}

/** Those that have ended. */
export async function getOperationLog(
  cli: CarbonioCli,
  options: CallOptions = {},
): Promise<readonly HostOperation[]> {
  return operationList(await cli.call(['core', 'getOperationLog'], options)).operations;
}

/** Those that were cut short, as by a crash. Its JSON is not documented (U): read as that of the log. */
export async function getUnfinishedOperationLog(
  cli: CarbonioCli,
  options: CallOptions = {},
): Promise<readonly HostOperation[]> {
  return operationList(await cli.call(['core', 'getUnfinishedOperationLog'], options)).operations;
}

export interface Started {
  /** Undefined when the answer names none: it is the one in {@link getAllOperations} that was not there before. */
  readonly operationId: string | undefined;
  /** The first 4 KiB of what was answered. */
  readonly answer: string;
}

/**
 * Puts an operation into the queue of the host. When this fails in any way but `InvalidInput`, `CommandMissing` and
 * `HostUnavailable`, the operation may have been queued all the same: look before starting again.
 */
export async function startOperation<N extends CommandName>(
  cli: CarbonioCli,
  name: N,
  values: CommandValues<N>,
  options: CallOptions = {},
): Promise<Started> {
  const words = wordsOf(name, values);
  const answer = await cli.call(words, options);
  return { operationId: startedOperation(answer, uuidsIn(words)), answer: excerpt(answer.raw) };
}

/** Exit statuses of `--sync`, 0 to 4, as documented. */
const ENDS = ['successful', 'failed', 'stopped', 'removed', 'interrupted'] as const;
export type OperationEnd = (typeof ENDS)[number];

/**
 * Starts an operation and waits for its end. If this is aborted, the operation goes on.
 * @throws Problem `UnknownOutput` for any other exit status
 */
export async function runOperation<N extends CommandName>(
  cli: CarbonioCli,
  name: N,
  values: CommandValues<N>,
  options: CallOptions & { readonly timeoutMs: number },
): Promise<Started & { readonly end: OperationEnd }> {
  const words = wordsOf(name, values);
  const { code, answer } = await cli.callSync(words, options);
  const end = code === null ? undefined : ENDS[code];
  if (end === undefined) throw unknownOutput(`Exit status ${code} of ${name} --sync`, answer.raw);
  return { end, operationId: startedOperation(answer, uuidsIn(words)), answer: excerpt(answer.raw) };
}

/** Stops one that runs or waits. It may still be stopping afterwards. */
export async function doStopOperation(
  cli: CarbonioCli,
  id: string,
  options: CallOptions = {},
): Promise<void> {
  accepted(await cli.call(['backup', 'doStopOperation', uuid(id)], options), 'The stop');
}

/** Stops all that run and empties the queue. */
export async function doStopAllOperations(cli: CarbonioCli, options: CallOptions = {}): Promise<void> {
  accepted(await cli.call(['backup', 'doStopAllOperations'], options), 'The stop of all operations');
}

/** The progress of an operation as of now, waited for as long as the timeout says. */
export async function monitor(
  cli: CarbonioCli,
  id: string,
  options: CallOptions & { readonly operationHost?: string } = {},
): Promise<ProgressBlock> {
  const { operationHost } = options;
  const on =
    operationHost === undefined
      ? []
      : ['operation_host', valueWord('monitor', 'operation_host', operationHost)];
  const answer = await cli.watch(['backup', 'monitor', uuid(id), ...on], hasWholeBlock, options);
  return lastBlock(answer.raw);
}

/** What does something and answers nothing but that it did: `ok`, or JSON that says it. */
export function accepted(answer: Answer, what: string): void {
  const ok = answer.form === 'json' ? answer.ok : answer.raw.trim().toLowerCase() === 'ok';
  if (!ok) throw unknownOutput(`${what}: the answer`, answer.raw);
}

function uuid(id: string): string {
  if (!isUuid(id)) throw new Problem('InvalidInput', 'The id of an operation of the mail host is a UUID.');
  return id;
}

function uuidsIn(words: readonly string[]): ReadonlySet<string> {
  return new Set(
    words
      .flatMap((word) => word.split(/[,/_]/))
      .map((part) => part.toLowerCase())
      .filter(isUuid),
  );
}
