/** Finds an operation that was started and whose id was not heard: among those that were not there before. */
import { resolve } from 'node:path';
import type { CallOptions, CarbonioCli } from '../carbonio/cli';
import { getAllOperations, getOperationLog, getUnfinishedOperationLog } from '../carbonio/cli/operations';
import type { HostOperation } from '../carbonio/parse/operations';
import { Problem } from '../failures';
import { isUnheard, type Attempt, type Step } from './journal';

/** What runs, what waits, and what has ended. Three calls. */
export async function everyOperation(cli: CarbonioCli, options: CallOptions = {}): Promise<HostOperation[]> {
  const lists = [
    (await getAllOperations(cli, options)).operations,
    await getOperationLog(cli, options),
    await getUnfinishedOperationLog(cli, options),
  ];
  const byId = new Map<string, HostOperation>();
  for (const operation of lists.flat()) {
    const id = operation.id.toLowerCase();
    if (!byId.has(id)) byId.set(id, operation);
  }
  return [...byId.values()];
}

/**
 * What was on the host before this was asked for, as far as it is not ours: of an attempt whose id was never heard the
 * operation may come late, and stands among those that the next attempt found.
 */
export function notOurs(attempts: readonly Attempt[]): Pick<Attempt, 'before'> {
  const first = attempts.find(isUnheard) ?? attempts.at(-1);
  return { before: [...(first?.before ?? []), ...attempts.flatMap(({ id }) => id ?? [])] };
}

/** Whether its operation cannot come any more: `settleMs` after the end of the call, which takes `callMs` at most. */
export const isSettled = (
  { journalledAt, callEnd }: Pick<Attempt, 'journalledAt' | 'callEnd'>,
  settleMs: number,
  callMs: number,
): boolean => Date.now() > (callEnd ?? journalledAt + callMs) + settleMs;

type Match = 'yes' | 'perhaps' | 'no';

/**
 * The id of the one operation that is new and names the same path and accounts.
 * @returns null when there is none
 * @throws Problem `HostOperationUnclear` when it may be more than one, or what is new does not say what it works on
 */
export function findStarted(
  operations: readonly HostOperation[],
  step: Pick<Step, 'command' | 'values' | 'subjects'>,
  { before }: Pick<Attempt, 'before'>,
): string | null {
  const known = new Set(before);
  const fresh = operations.filter(({ id }) => !known.has(id.toLowerCase()));
  const matching = (wanted: Match): string[] =>
    fresh.filter((one) => matchOf(one, step) === wanted).map(({ id }) => id.toLowerCase());
  const [sure, perhaps] = [matching('yes'), matching('perhaps')];
  if (sure.length === 0 && perhaps.length === 0) return null;
  if (sure.length === 1 && perhaps.length === 0) return sure[0] ?? null;
  throw new Problem(
    'HostOperationUnclear',
    `After ${step.command} these operations are new on the mail host, and which one is ours cannot be told: ` +
      `${[...sure, ...perhaps].slice(0, 10).join(', ')}.`,
    { operations: [...sure, ...perhaps].slice(0, 10) },
  );
}

function matchOf(
  operation: HostOperation,
  { command, values, subjects }: Pick<Step, 'command' | 'values' | 'subjects'>,
): Match {
  const { module, name, parameters } = operation;
  const isNamed = name.toLowerCase() === command.replace(/^do/, '').toLowerCase();
  if (module !== '' && module !== 'ZxBackup' && !isNamed) return 'no';
  if (subjects.length === 0) return isNamed ? 'yes' : 'no';
  const words = new Set(wordsIn(parameters));
  if (words.size === 0)
    return /scan|purge|undelete|export|coherency/i.test(name) && !isNamed ? 'no' : 'perhaps';
  // of accounts in a file the host may name the file only
  const { input_file: file } = values;
  const isListed = typeof file === 'string' && words.has(wordOf(file));
  const named = isListed ? subjects.slice(0, 1) : subjects;
  if (!named.every((subject) => words.has(wordOf(subject)))) return 'no';
  return agrees(parameters, values['provisioning_only'] === true) ? 'yes' : 'no';
}

/** A part of one restore has the same path as another; whether it only provisions tells them apart, if it is told. */
function agrees(parameters: Readonly<Record<string, unknown>>, provisioningOnly: boolean): boolean {
  const told = Object.entries(parameters).find(([key]) => /^provisioning_?only$/i.test(key))?.[1];
  const said = typeof told === 'string' ? told.toLowerCase() === 'true' : told;
  return said === undefined || said === provisioningOnly;
}

function wordsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.split(',').map((word) => wordOf(word.trim()));
  if (Array.isArray(value)) return value.flatMap(wordsIn);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(wordsIn);
  return [];
}

const wordOf = (word: string): string => (word.startsWith('/') ? resolve(word) : word.toLowerCase());
