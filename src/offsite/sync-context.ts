/** What every step of a sync works with. */
import { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import { asOutage } from '../restore/session';
import { runArguments, type Run, type Transport } from '../rsync/arguments';
import { problemOf, verdictOf } from '../rsync/exit-codes';
import { StatsReader, type RsyncStats } from '../rsync/output';
import { parseProgress, type RsyncProgress } from '../rsync/progress';
import { runRsync } from '../rsync/runner';
import { watchWritten } from '../rsync/written';
import { byteSize, shortDuration } from '../report/format';
import type { SyncRequest } from './model';
import { CopyPlace, destinationOf, transportOf } from './place';

export interface StepProgress {
  readonly step: string;
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
  readonly unit: string;
  /** More, in words. */
  readonly note?: string;
}

export interface StepHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: StepProgress) => void;
}

export interface SyncContext extends StepHooks {
  readonly request: SyncRequest;
  readonly source: string;
  readonly store: BackupPath;
  readonly place: CopyPlace;
  readonly transport: Transport;
}

/** @param begun the first step was done: from then on a source that is not there is an outage, not a mistake */
export function openContext(
  stateDir: string,
  request: SyncRequest,
  hooks: StepHooks,
  begun = true,
): SyncContext {
  const { input } = request;
  const work = input.dryRun ? 'dry-run' : 'work';
  const place = new CopyPlace(stateDir, destinationOf(input.destination), work);
  let store: BackupPath;
  try {
    store = BackupPath.open(input.sourcePath);
  } catch (error) {
    throw begun ? asOutage(error) : error;
  }
  place.make();
  return { ...hooks, request, source: store.root, store, place, transport: transportOf(input) };
}

export interface RunResult {
  readonly stats: RsyncStats;
  readonly vanished: boolean;
  readonly seconds: number;
}

export interface RunOptions {
  readonly what: string;
  readonly onLine?: (line: string) => void;
}

const TELL_EVERY_MS = 100;

/** Runs one rsync of a sync. @throws Problem of its end (exit-codes.ts) */
export async function sync(
  context: Pick<SyncContext, 'transport' | 'signal' | 'onProgress'>,
  run: Run,
  { what, onLine }: RunOptions,
): Promise<RunResult> {
  const reader = new StatsReader();
  let latest: RsyncProgress | null = null;
  let toldAt = 0;
  let unwatch = (): void => undefined;
  // to a folder there are so many files a second that a line of each costs a third of the time
  const here = context.transport.destination.kind === 'path';
  const startedAt = performance.now();
  const args = runArguments(context.transport, { ...run, progress: run.progress === true && !here });
  const end = await runRsync(args, {
    signal: context.signal,
    onStart: (pid) => {
      if (!run.progress || !here) return;
      unwatch = watchWritten(pid, (bytes, rate) => context.onProgress(movedOf(what, bytes, rate)));
    },
    onLine: (line) => {
      // one a file; people and heartbeats need a few a second. Nothing else begins with a space
      if (line.startsWith(' ') && performance.now() - toldAt < TELL_EVERY_MS) return;
      const progress = parseProgress(line, latest);
      if (progress !== null) {
        latest = progress;
        toldAt = performance.now();
        context.onProgress(toldOf(what, progress));
        return;
      }
      reader.take(line);
      onLine?.(line);
    },
  });
  unwatch();
  const problem = problemOf(what, end);
  if (problem) throw problem;
  const stats = reader.stats();
  if (stats === null) throw unintelligible(what, reader.saw);
  return {
    stats,
    vanished: verdictOf(end) === 'vanished',
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** An answer that is not understood is no success. One that says nothing is that of an rsync stopped at its very end. */
const unintelligible = (what: string, saw: boolean): Problem =>
  saw
    ? new Problem('SyncRefused', `${what}: rsync ended well but printed no figures that are understood.`)
    : new Problem('SyncInterrupted', `${what}: rsync ended without its figures.`);

function toldOf(step: string, { bytes, rate, left, checked, total }: RsyncProgress): StepProgress {
  const note = `${byteSize(bytes)} at ${byteSize(rate)}/s${left > 0 ? `, ${shortDuration(left)} left` : ''}`;
  return { step, done: checked, total, unit: 'files', note };
}

const movedOf = (step: string, bytes: number, rate: number): StepProgress => ({
  ...{ step, done: bytes, total: 0, unit: 'bytes' },
  note: `${byteSize(bytes)} at ${byteSize(rate)}/s`,
});
