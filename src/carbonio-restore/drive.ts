/**
 * One operation of the mail host, started once and followed to its end, over any number of calls, workers and crashes.
 *
 * Before the start what is asked and what is on the host already stand in the journal; the new id is in it before it is
 * asked about. Without an id the operation is looked for, and only when it cannot come any more it is started again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CarbonioCli } from '../carbonio/cli';
import type { CommandName, CommandValues } from '../carbonio/cli/commands';
import { getNotifications } from '../carbonio/cli/notifications';
import { doStopOperation, getAllOperations, monitor, startOperation } from '../carbonio/cli/operations';
import type { ProgressBlock } from '../carbonio/parse/monitor';
import { FAILURES, Problem } from '../failures';
import { endOf, type EndFound } from './end-of';
import { everyOperation, findStarted, isSettled, notOurs } from './find-started';
import { isUnheard, type Attempt, type Step, type StepJournal, type StepResult } from './journal';

export interface DriveOptions {
  readonly cli: CarbonioCli;
  readonly journal: StepJournal;
  /** When it aborts, following ends; the operation goes on. */
  readonly signal: AbortSignal;
  readonly pollMs: number;
  /** So long after the call that asked for it has ended, an operation may still appear: the host may be slow. */
  readonly settleMs: number;
  /** So long after it is over, its notification may still come. */
  readonly graceMs: number;
  /** How often it is started when it is lost on the host. */
  readonly attempts: number;
  /** What works on the host for us from now on; null: nothing. */
  readonly onHost: (id: string | null) => void;
}

export type Driven =
  | {
      readonly state: 'running';
      readonly id: string;
      readonly host: string;
      readonly progress: ProgressBlock | null;
    }
  | { readonly state: 'ended'; readonly result: StepResult };

/** So many answers in a row that are not understood are no accident. */
const NOT_UNDERSTOOD = 5;
/** Shown progress is worth this much waiting. */
const MONITOR_MS = 6_000;

/**
 * Follows the operation until `until` (epoch milliseconds) or its end.
 * @throws Problem `HostOperationUnclear`, `HostOperationLost` when it was lost too often, and what the host answers
 */
export async function drive(options: DriveOptions, until: number): Promise<Driven> {
  const { journal, signal, pollMs, onHost } = options;
  for (let doubts = 0; ;) {
    signal.throwIfAborted();
    const step = journal.asked();
    if (step.result !== null) return { state: 'ended', result: step.result };
    try {
      const attempt = step.attempts.at(-1);
      const isOpen = attempt !== undefined && attempt.lost === null;
      const id = isOpen ? (attempt.id ?? (await look(options, null))) : await begin(options, step);
      if (id === null) continue;
      onHost(id);
      const host = await stateOf(options, id);
      if (host === null) await settleEnd(options, journal.asked());
      else if (Date.now() >= until)
        return { state: 'running', id, host, progress: await progressOf(options, id) };
      doubts = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Problem) || error.type !== 'UnknownOutput' || ++doubts >= NOT_UNDERSTOOD)
        throw error;
    }
    if (journal.asked().result === null) await pause(pollMs, signal);
  }
}

/** Ends the operation on the host, if there is one, and waits for that. Harmless when there is none. */
export async function stop(options: DriveOptions): Promise<void> {
  const { journal, cli, signal, pollMs, onHost } = options;
  for (let told = false; ;) {
    const step = journal.read();
    const attempt = step?.attempts.at(-1);
    if (!step || !attempt || step.result !== null) return onHost(null);
    if (attempt.lost !== null) {
      // one that was given up may have come all the same
      if (!step.attempts.some(isUnheard) || (await tryToFind(options, true)) === null) return onHost(null);
    } else if (attempt.id === null) {
      const isOver = cannotCome(options, attempt);
      if ((await tryToFind(options, isOver)) === null && isOver) return onHost(null);
    } else {
      if ((await stateOf(options, attempt.id)) === null) {
        const result = { outcome: 'stopped' as const, why: 'stopped with its operation', text: null };
        journal.write({ ...step, result });
        return onHost(null);
      }
      if (!told) await doStopOperation(cli, attempt.id, { signal }).catch(ignoreRefusal);
      told = true;
    }
    await pause(pollMs, signal);
  }
}

/** It ended by itself a moment ago: the next look tells. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Problem) || error.type !== 'CommandFailed') throw error;
}

async function begin(options: DriveOptions, step: Step): Promise<string | null> {
  const { cli, journal, signal, attempts, onHost } = options;
  const late = step.attempts.some(isUnheard) ? await tryToFind(options, true) : null;
  if (late !== null) return late;
  if (step.attempts.length >= attempts) {
    const why = step.attempts.at(-1)?.lost ?? 'lost';
    throw new Problem(
      'HostOperationLost',
      `${step.command} was started ${step.attempts.length} times on the mail host and never ended: ${why}.`,
    );
  }
  const before = (await everyOperation(cli, { signal })).map(({ id }) => id.toLowerCase());
  const notificationsBefore = (await getNotifications(cli, { signal })).flatMap(({ id }) => id ?? []);
  const journalledAt = Date.now();
  const call = { journalledAt, callEnd: journalledAt + cli.timeoutMs };
  const attempt = { before, notificationsBefore, ...call, id: null, lost: null };
  journal.write({ ...step, attempts: [...step.attempts, attempt] });
  onHost('');
  let failure: Problem | null = null;
  try {
    // not aborted with us: it would be half started
    const started = await startOperation(cli, step.command, step.values as CommandValues<CommandName>);
    if (started.operationId !== undefined) return journal.adopt(started.operationId.toLowerCase());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    failure = error;
  }
  journal.change({ callEnd: Date.now() });
  return look(options, failure);
}

/** Never reached the host: the words were wrong, or there is no command. */
const NOT_SENT: ReadonlySet<string> = new Set(['InvalidInput', 'CommandMissing']);

/**
 * Looks for what was asked for until it is there or cannot come any more.
 * @param failure of the start, told when it is not there
 */
async function look(options: DriveOptions, failure: Problem | null): Promise<string | null> {
  const { journal, signal, pollMs } = options;
  const attempt = journal.asked().attempts.at(-1) as Attempt;
  const isRefused = failure !== null && failure.type === 'CommandFailed' && !('code' in failure.details);
  const isSent = failure === null || !NOT_SENT.has(failure.type);
  while (isSent) {
    // before the look: what comes while it looks is not seen
    const isOver = cannotCome(options, attempt);
    const id = await tryToFind(options, isOver);
    if (id !== null) return id;
    if (isRefused || isOver) break;
    await pause(pollMs, signal);
  }
  options.onHost(null);
  const why = failure?.message ?? 'it never appeared on the host';
  if (failure !== null && !FAILURES[failure.type].retryable && failure.type !== 'UnknownOutput') {
    // nothing of it is on the host: asked again, it is a new start
    const { attempts, ...rest } = journal.asked();
    journal.write({ ...rest, attempts: attempts.slice(0, -1) });
    throw failure;
  }
  journal.change({ lost: why });
  if (failure !== null && failure.type !== 'UnknownOutput') throw failure;
  return null;
}

const cannotCome = ({ settleMs, cli }: DriveOptions, attempt: Attempt): boolean =>
  isSettled(attempt, settleMs, cli.timeoutMs);

/** @param isLast it is not looked for again, so the host must answer */
async function tryToFind({ cli, journal, signal }: DriveOptions, isLast: boolean): Promise<string | null> {
  const step = journal.asked();
  try {
    const id = findStarted(await everyOperation(cli, { signal }), step, notOurs(step.attempts));
    return id === null ? null : journal.adopt(id);
  } catch (error) {
    // a host that is down may be up again before it is settled whether it was started
    const passes =
      error instanceof Problem && (error.type === 'HostUnavailable' || error.type === 'UnknownOutput');
    if (!passes || isLast) throw error;
    return null;
  }
}

/** The word of the host for a live one; null when it is not in its queue any more. */
async function stateOf({ cli, signal }: DriveOptions, id: string): Promise<string | null> {
  const { operations } = await getAllOperations(cli, { signal });
  return operations.find((one) => one.id.toLowerCase() === id)?.state ?? null;
}

/** Only for people to see: it may fail. */
async function progressOf({ cli, signal }: DriveOptions, id: string): Promise<ProgressBlock | null> {
  try {
    return await monitor(cli, id, { signal, timeoutMs: MONITOR_MS });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Problem) return null;
    throw error;
  }
}

/** It is not in the queue: how did it end? Waits for what is told a moment later. */
async function settleEnd(options: DriveOptions, step: Step): Promise<void> {
  const { cli, journal, signal, pollMs, graceMs, onHost } = options;
  const attempt = step.attempts.at(-1) as Attempt;
  let found: EndFound;
  for (const since = Date.now(); ;) {
    found = await endOf(cli, step, attempt, { signal });
    const mayBeTold = found === 'silent' || found === 'gone';
    if (!mayBeTold || Date.now() > since + graceMs) break;
    await pause(pollMs, signal);
  }
  if (found === 'gone' || found === 'interrupted') {
    journal.change({
      lost: found === 'gone' ? 'it vanished from the host' : 'it was interrupted on the host',
    });
  } else if (found === 'silent') {
    const why = 'it ended and left no report; the level of notifications of the host may be too low';
    journal.write({ ...journal.asked(), result: { outcome: 'unproved', why, text: null } });
  } else journal.write({ ...journal.asked(), result: found });
  onHost(null);
}

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
};
