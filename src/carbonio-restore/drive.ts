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
import { everyOperation, findStarted } from './find-started';
import type { Attempt, Step, StepJournal, StepResult } from './journal';

export interface DriveOptions {
  readonly cli: CarbonioCli;
  readonly journal: StepJournal;
  /** When it aborts, following ends; the operation goes on. */
  readonly signal: AbortSignal;
  readonly pollMs: number;
  /** So long after it was asked for, an operation may still appear: its command may run without its worker. */
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
    const step = asked(journal);
    if (step.result !== null) return { state: 'ended', result: step.result };
    try {
      const attempt = step.attempts.at(-1);
      const isOpen = attempt !== undefined && attempt.lost === null;
      const id = isOpen ? (attempt.id ?? (await look(options, step, null))) : await begin(options, step);
      if (id === null) continue;
      onHost(id);
      const host = await stateOf(options, id);
      if (host === null) await settleEnd(options, asked(journal));
      else if (Date.now() >= until)
        return { state: 'running', id, host, progress: await progressOf(options, id) };
      doubts = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Problem) || error.type !== 'UnknownOutput' || ++doubts >= NOT_UNDERSTOOD)
        throw error;
    }
    if (asked(journal).result === null) await pause(pollMs, signal);
  }
}

/** Ends the operation on the host, if there is one, and waits for that. Harmless when there is none. */
export async function stop(options: DriveOptions): Promise<void> {
  const { journal, cli, signal, pollMs, onHost } = options;
  for (let told = false; ;) {
    const step = journal.read();
    const attempt = step?.attempts.at(-1);
    if (!step || !attempt || attempt.lost !== null || step.result !== null) return onHost(null);
    if (attempt.id === null) {
      if ((await tryToFind(options, step, attempt)) === null && isSettled(options, attempt))
        return onHost(null);
    } else {
      if ((await stateOf(options, attempt.id)) === null) {
        save(journal, {
          ...step,
          result: { outcome: 'stopped', why: 'stopped with its operation', text: null },
        });
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

function asked(journal: StepJournal): Step {
  const step = journal.read();
  if (step === null) throw new Problem('StateUnavailable', `${journal.file} is gone.`);
  return step;
}

const save = (journal: StepJournal, step: Step): Step => journal.write(step);

function change(journal: StepJournal, more: Partial<Attempt>): Step {
  const step = asked(journal);
  const last = step.attempts.at(-1) as Attempt;
  return save(journal, { ...step, attempts: [...step.attempts.slice(0, -1), { ...last, ...more }] });
}

async function begin(options: DriveOptions, step: Step): Promise<string | null> {
  const { cli, journal, signal, attempts, onHost } = options;
  if (step.attempts.length >= attempts) {
    const why = step.attempts.at(-1)?.lost ?? 'lost';
    throw new Problem(
      'HostOperationLost',
      `${step.command} was started ${step.attempts.length} times on the mail host and never ended: ${why}.`,
    );
  }
  const before = (await everyOperation(cli, { signal })).map(({ id }) => id.toLowerCase());
  const notificationsBefore = (await getNotifications(cli, { signal })).flatMap(({ id }) => id ?? []);
  const attempt = { before, notificationsBefore, journalledAt: Date.now(), id: null, lost: null };
  const next = save(journal, { ...step, attempts: [...step.attempts, attempt] });
  onHost('');
  try {
    // not aborted with us: it would be half started
    const { operationId } = await startOperation(
      cli,
      step.command,
      step.values as CommandValues<CommandName>,
    );
    if (operationId !== undefined) return adopt(options, operationId.toLowerCase());
    return await look(options, next, null);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return look(options, next, error);
  }
}

function adopt({ journal }: DriveOptions, id: string): string {
  change(journal, { id });
  return id;
}

/** Never reached the host: the words were wrong, or there is no command. */
const NOT_SENT: ReadonlySet<string> = new Set(['InvalidInput', 'CommandMissing']);

/**
 * Looks for what was asked for until it is there or cannot come any more.
 * @param failure of the start, told when it is not there
 */
async function look(options: DriveOptions, step: Step, failure: Problem | null): Promise<string | null> {
  const { journal, signal, pollMs } = options;
  const attempt = asked(journal).attempts.at(-1) as Attempt;
  const isRefused = failure !== null && failure.type === 'CommandFailed' && !('code' in failure.details);
  for (;;) {
    if (failure === null || !NOT_SENT.has(failure.type)) {
      const id = await tryToFind(options, step, attempt);
      if (id !== null) return id;
    }
    if (isRefused || (failure !== null && NOT_SENT.has(failure.type)) || isSettled(options, attempt)) break;
    await pause(pollMs, signal);
  }
  options.onHost(null);
  const why = failure?.message ?? 'it never appeared on the host';
  if (failure !== null && !FAILURES[failure.type].retryable && failure.type !== 'UnknownOutput') {
    // nothing of it is on the host: asked again, it is a new start
    const { attempts, ...rest } = asked(journal);
    save(journal, { ...rest, attempts: attempts.slice(0, -1) });
    throw failure;
  }
  change(journal, { lost: why });
  if (failure !== null && failure.type !== 'UnknownOutput') throw failure;
  return null;
}

const isSettled = ({ settleMs }: DriveOptions, { journalledAt }: Attempt): boolean =>
  Date.now() > journalledAt + settleMs;

async function tryToFind(options: DriveOptions, step: Step, attempt: Attempt): Promise<string | null> {
  const { cli, signal } = options;
  try {
    const id = findStarted(await everyOperation(cli, { signal }), step, attempt);
    return id === null ? null : adopt(options, id);
  } catch (error) {
    // a host that is down may be up again before it is settled whether it was started
    const passes =
      error instanceof Problem && (error.type === 'HostUnavailable' || error.type === 'UnknownOutput');
    if (!passes || isSettled(options, attempt)) throw error;
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
    change(journal, {
      lost: found === 'gone' ? 'it vanished from the host' : 'it was interrupted on the host',
    });
  } else if (found === 'silent') {
    const why = 'it ended and left no report; the level of notifications of the host may be too low';
    save(journal, { ...asked(journal), result: { outcome: 'unproved', why, text: null } });
  } else save(journal, { ...asked(journal), result: found });
  onHost(null);
}

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
};
