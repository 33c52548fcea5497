/** Copies a Backup Path to another place with rsync, so that the copy never names a blob that it lacks. */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  log,
  proxyActivities,
  type ActivityInterfaceFor,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { SyncStep } from '../activities/offsite';
import { parseInput } from '../contracts/input';
import {
  offsiteSyncExample,
  offsiteSyncInput,
  type OffsiteSyncInput,
  type OffsiteSyncRequest,
  type OffsiteSyncResult,
} from '../contracts/offsite-sync';
import type { Checked, FinishedSync, PassResult, Survey, SyncRequest } from '../offsite/model';
import { stepsOf } from './external-restore';
import { failureMessage, unwrapFailure } from './failure';
import { operationName } from './operation-name';
import { OURS_TO_RETRY, patiently, type Patience } from './patience';
import { decideDeletions, type Deletions } from './purge-wait';
import { SyncState } from './sync-state';

/** Steps of rsync: what fails on the line is tried again by the workflow, what a dead worker leaves by the server. */
export function transferSteps(heartbeatSeconds: number): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>({
    heartbeatTimeout: heartbeatSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // a first copy may take days; one that is ended here goes on from its partial files
    startToCloseTimeout: '7 days',
    retry: { initialInterval: '1 second', backoffCoefficient: 1, nonRetryableErrorTypes: OURS_TO_RETRY },
  });
}

/** How often what changed meanwhile is staged anew before it is left to the next sync. Later rounds have little to do. */
const ROUNDS = 3;

const CHANGED =
  'The copy was not what the newest sync had left: another disk, or another machine syncs to it. Until this sync ended, it counted as what it said itself.';

interface Run {
  readonly step: SyncStep;
  readonly state: SyncState;
  readonly steps: ActivityInterfaceFor<Activities>;
  readonly patience: Patience;
}

export async function offsiteSync(raw: OffsiteSyncRequest): Promise<OffsiteSyncResult> {
  const input = parseInput(offsiteSyncInput, raw, offsiteSyncExample);
  const state = new SyncState(input);
  const name = operationName();
  const { attempts, heartbeatSeconds } = input.advanced;
  const steps = transferSteps(heartbeatSeconds);
  const patience: Patience = { attempts, waits: state.waits };
  let checked: Checked | null = null;
  try {
    // before there is a lock: other syncs to this destination go on meanwhile
    const deletions = await decideDeletions(steps, input, state, patience);
    const request: SyncRequest = { ...name, startedAt: state.begins(), input };
    checked = await patiently(patience, () => steps.checkOffsiteSync({ request }));
    state.lastSuccess = checked.lastSuccess;
    const run: Run = { step: { request, serverId: checked.serverId }, state, steps, patience };
    const result = await runbook(run, checked, deletions);
    state.begin('ended');
    return result;
  } catch (error) {
    throw unwrapFailure(error);
  } finally {
    if (checked !== null) await tidy(input, { ...name, startedAt: state.startedAt, input });
  }
}

async function tidy(input: OffsiteSyncInput, request: SyncRequest): Promise<void> {
  try {
    await CancellationScope.nonCancellable(() => stepsOf(input).bounded.tidyOffsite({ request }));
  } catch (error) {
    // what is left over is replaced by the next sync; how this one ended matters more
    log.warn('what was staged could not be removed', { error: failureMessage(error) });
  }
}

async function runbook(
  run: Run,
  { first, changed }: Checked,
  deletions: Deletions,
): Promise<OffsiteSyncResult> {
  const { step, state, steps, patience } = run;
  const { input } = step.request;
  const deletes = deletions.wanted;
  state.begin('comparing');
  const found = await patiently(patience, () => steps.surveyOffsite({ ...step, first, deletes }));
  const notes = [...deletions.notes, ...(changed ? [CHANGED] : [])];
  if (input.dryRun) return dryRunResult(run, found, notes);

  if (first) await pass(run, 'claiming', () => steps.claimCopy(step));
  const leftOut = found.metadata + found.blobs === 0 ? 0 : await copyWhatDiffers(run, first, found.held);
  if (leftOut > 0) {
    const what = `${leftOut} metadata files changed meanwhile: they follow with the next sync`;
    notes.push(`${what}, and until then the copy counts as that of the sync before.`);
  }

  let swept = deletes && (leftOut === 0 || found.deletions === 0);
  if (deletes && found.deletions > 0) {
    const back = await pass(run, 'deleting metadata', () => steps.deleteOffsiteMetadata(step));
    swept &&= back.leftOut === 0;
    // metadata that were left out, or stay, may still name what the source has purged
    if (swept) await pass(run, 'deleting blobs', () => steps.deleteOffsiteBlobs(step));
    else notes.push('Therefore blobs were not deleted; the next sync does it.');
  }
  if (state.vanished) notes.push('Some files were purged while they were copied.');
  return finish(run, { leftOut, notes, swept, purges: deletions.purges, totalSize: found.totalSize });
}

/** @returns how many metadata files had changed meanwhile */
async function copyWhatDiffers(run: Run, isFirst: boolean, held: boolean): Promise<number> {
  const { step, state, steps } = run;
  if (held && (await firstCopy(run)) === 0) return 0;
  for (let round = held ? 1 : 0; ; round++) {
    state.begin('staging metadata');
    const { unreadable, example } = await steps.stageMetadata({ ...step, round });
    const first = isFirst && round === 0;
    await pass(run, 'copying blobs', () => steps.copyBlobs({ ...step, first }));
    const { leftOut } = await pass(run, 'sending metadata', () => steps.sendMetadata(step));
    if (unreadable > 0) throw incomplete(unreadable, example);
    if (leftOut === 0 || round + 1 === ROUNDS) return leftOut;
  }
}

/** To a folder. @returns how many metadata files had changed meanwhile */
async function firstCopy(run: Run): Promise<number> {
  const { step, state, steps, patience } = run;
  state.begin('copying blobs');
  for (const result of await patiently(patience, () => steps.copyBoth(step))) state.passed(result);
  return (await pass(run, 'placing metadata', () => steps.placeMetadata(step))).leftOut;
}

async function pass(
  { state, patience }: Run,
  name: PassResult['name'],
  body: () => Promise<PassResult>,
): Promise<PassResult> {
  state.begin(name);
  const result = await patiently(patience, body);
  state.passed(result);
  return result;
}

const incomplete = (count: number, example: string | null): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'SyncIncomplete',
    nonRetryable: true,
    message: `${count} metadata files cannot be read, such as ${example}. The rest was copied; nothing was deleted. Mend it, then start the same sync again.`,
    details: [{ unreadable: count }],
  });

async function finish(
  run: Run,
  end: Pick<OffsiteSyncResult, 'leftOut' | 'notes'> &
    Pick<FinishedSync, 'swept' | 'purges'> & { totalSize: number },
): Promise<OffsiteSyncResult> {
  const { step, state, steps } = run;
  const { leftOut, notes, swept, purges } = end;
  state.begin('finishing');
  const figures = { files: state.sum('files'), bytes: state.sum('bytes'), deleted: state.sum('deleted') };
  const finished = { ...figures, swept, purges, leftOut };
  state.lastSuccess = await steps.finishOffsiteSync({ ...step, finished });
  const totalSize = Math.max(end.totalSize, state.totalSize);
  return {
    ...head(run),
    status: 'synced',
    ...figures,
    speedUp: figures.bytes === 0 ? null : Math.round((100 * totalSize) / figures.bytes) / 100,
    leftOut,
    notes,
    listFile: null,
  };
}

function dryRunResult(
  run: Run,
  found: Survey & { listFile: string },
  told: readonly string[],
): OffsiteSyncResult {
  const { files, bytes, deletions: deleted, listFile } = found;
  const { count, percent } = run.step.request.input.maxDeletions;
  const over =
    deleted > found.allowed ? [`More than is allowed: ${count}, and ${percent} % of the copy.`] : [];
  return {
    ...head(run),
    status: 'dry-run',
    ...{ files, bytes, deleted, speedUp: null, leftOut: 0, notes: [...told, ...over], listFile },
  };
}

function head({ step, state }: Run) {
  const { operationId, input } = step.request;
  const endedAt = Date.now();
  return {
    operationId,
    sourcePath: input.sourcePath,
    destination: input.destination,
    startedAt: new Date(state.startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    lastSuccess: state.lastSuccess,
    seconds: (endedAt - state.startedAt) / 1000,
    passes: state.passes,
  };
}
