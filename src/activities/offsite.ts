/** Activities of an offsite sync: each is one step; rsync does the work and this process heartbeats for it. */
import { cancellationSignal, Context } from '@temporalio/activity';
import { basename, join } from 'node:path';
import type { Config } from '../config';
import { assertSameDestination, checkSync } from '../offsite/check';
import { LISTS } from '../offsite/lists';
import type { Checked, FinishedSync, PassResult, Staged, Survey, SyncRequest } from '../offsite/model';
import { deleteBlobs, deleteMetadata } from '../offsite/deletions';
import { finishSync } from '../offsite/finish';
import { copyBoth, placeMetadata } from '../offsite/holding';
import { claim, copyBlobs, LEFT_OUT, sendMetadata, tidy } from '../offsite/passes';
import { CopyPlace, destinationOf } from '../offsite/place';
import { onSameSource } from '../offsite/same-source';
import { stage } from '../offsite/stage';
import { survey } from '../offsite/survey';
import { openContext, type StepProgress, type SyncContext } from '../offsite/sync-context';
import { beating } from './beating';
import { toFailure } from './failure';
import type { HostWork } from './host-work';
import { OffsiteLocks } from './offsite-lock';

export interface SyncStep {
  readonly request: SyncRequest;
  /** Of the source at the start. */
  readonly serverId: string;
}

/** Heartbeats while `body` runs. A cancellation stays one, whatever rsync said when it was ended. */
export async function offsiteStep<T>(
  body: (hooks: { signal: AbortSignal; onProgress: (progress: StepProgress) => void }) => Promise<T>,
): Promise<T> {
  return beating<StepProgress, T>(async (onProgress) => {
    const signal = cancellationSignal();
    try {
      return await body({ signal, onProgress });
    } catch (error) {
      if (signal.aborted) await Context.current().cancelled;
      throw toFailure(error);
    }
  });
}

export function createOffsiteActivities(config: Config, work: HostWork) {
  const { stateDir } = config;
  const locks = new OffsiteLocks(config, work);

  const locked = <T>(context: SyncContext, body: () => Promise<T>): Promise<T> => {
    const { place, request, onProgress } = context;
    const waiting = (note: string): void =>
      onProgress({ step: 'waiting', done: 0, total: 0, unit: 'files', note });
    return locks.during(`${place.name}-${basename(place.workDir)}`, request, waiting, body);
  };

  const step = <T>({ request, serverId }: SyncStep, body: (context: SyncContext) => Promise<T>): Promise<T> =>
    offsiteStep(async (hooks) => {
      const open = (): SyncContext => openContext(stateDir, request, hooks);
      return locked(open(), () => onSameSource(open, serverId, body));
    });

  /** A step that changes the copy, or tells of it: what is unmounted or swapped meanwhile must not get or claim it. */
  const onCopy = <T>(input: SyncStep, body: (context: SyncContext) => Promise<T>): Promise<T> =>
    step(input, async (context) => {
      await assertSameDestination(context, input.serverId);
      return body(context);
    });

  return {
    /** Every guard that needs no comparison. Touches nothing but a folder for a probe, which it removes. */
    async checkOffsiteSync({ request }: { request: SyncRequest }): Promise<Checked> {
      return offsiteStep(async (hooks) => {
        const context = openContext(stateDir, request, hooks, false);
        return locked(context, () => checkSync(context, stateDir));
      });
    },

    /** What differs, what would be deleted, and the guards on that. */
    async surveyOffsite(
      input: SyncStep & { first: boolean; deletes: boolean },
    ): Promise<Survey & { listFile: string }> {
      return step(input, async (context) => ({
        ...(await survey(context, input.first, input.deletes)),
        listFile: join(context.place.workDir, LISTS.plan),
      }));
    },

    /** Puts backup.json into an empty destination. */
    async claimCopy(input: SyncStep): Promise<PassResult> {
      return step(input, claim);
    },

    /** Keeps metadata aside. @param round 0: what differs; later: what the last round left out */
    async stageMetadata(input: SyncStep & { round: number }): Promise<Staged> {
      return step(input, (context) =>
        stage(context, join(context.place.workDir, input.round === 0 ? LISTS.metadata : LEFT_OUT)),
      );
    },

    /** Of a first copy to a folder: blobs, and metadata beside them. */
    async copyBoth(input: SyncStep): Promise<PassResult[]> {
      return onCopy(input, copyBoth);
    },

    async placeMetadata(input: SyncStep): Promise<PassResult> {
      return onCopy(input, placeMetadata);
    },

    async copyBlobs(input: SyncStep & { first: boolean }): Promise<PassResult> {
      return onCopy(input, (context) => copyBlobs(context, input.first));
    },

    async sendMetadata(input: SyncStep): Promise<PassResult> {
      return onCopy(input, sendMetadata);
    },

    async deleteOffsiteMetadata(input: SyncStep): Promise<PassResult> {
      return onCopy(input, deleteMetadata);
    },

    async deleteOffsiteBlobs(input: SyncStep): Promise<PassResult> {
      return onCopy(input, deleteBlobs);
    },

    /**
     * Keeps the time of this sync as that of the newest copy, or the former time when something was left out. Answers it.
     */
    async finishOffsiteSync(input: SyncStep & { finished: FinishedSync }): Promise<string | null> {
      return onCopy(input, (context) => finishSync(context, input.serverId, input.finished));
    },

    /** Removes what was staged. Never on the other side: partial files stay for the next attempt. */
    async tidyOffsite({ request }: { request: SyncRequest }): Promise<void> {
      return offsiteStep(async () => {
        const { dryRun, destination } = request.input;
        const place = new CopyPlace(stateDir, destinationOf(destination), dryRun ? 'dry-run' : 'work');
        const name = `${place.name}-${basename(place.workDir)}`;
        await locks.during(
          name,
          request,
          () => undefined,
          async () => tidy({ place }, dryRun),
        );
      });
    },
  };
}
