/** Activities that read an offsite copy: verifying it, fetching it. */
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { Config } from '../config';
import type { FetchOffsiteInput } from '../contracts/fetch-offsite';
import type { PlaceInput } from '../contracts/offsite';
import type { VerifyOffsiteInput } from '../contracts/verify-offsite';
import { hashOf, operationDir, type OperationName } from '../host/operation-dir';
import { mirrorMetadata, openCopy, requireCopy, type CopyContext } from '../offsite/copy-context';
import {
  beginFetch,
  chooseAccounts,
  fetchBlobs,
  fetchMetadata,
  finishFetch,
  type Fetched,
} from '../offsite/fetch';
import { compareContent, lookUpBlobs, tidyVerification, type LookedUp } from '../offsite/verify-copy';
import type { HostWork } from './host-work';
import { offsiteStep } from './offsite';
import { OffsiteLocks } from './offsite-lock';

export interface VerifyCopyStep {
  readonly name: OperationName;
  readonly input: VerifyOffsiteInput;
}

export interface FetchStep {
  readonly name: OperationName;
  readonly input: FetchOffsiteInput;
}

export function createOffsiteCopyActivities({ stateDir, lockDir }: Config, work: HostWork) {
  const locks = new OffsiteLocks({ lockDir }, work);

  /** No sync changes the copy meanwhile, nor between two steps: its lock is on record for this operation. */
  const reading = <T>(
    kind: string,
    { name, input }: { name: OperationName; input: PlaceInput },
    body: (context: CopyContext) => Promise<T>,
  ): Promise<T> =>
    offsiteStep(async (hooks) => {
      const context = openCopy(stateDir, input, operationDir(stateDir, kind, name), hooks);
      const waiting = (note: string): void =>
        hooks.onProgress({ step: 'waiting', done: 0, total: 0, unit: 'files', note });
      const { place } = context;
      return locks.during(`${place.name}-${basename(place.workDir)}`, name, waiting, () => body(context));
    });

  const verifying = <T>(step: VerifyCopyStep, body: (context: CopyContext) => Promise<T>): Promise<T> =>
    reading('verifications', step, body);
  const fetching = <T>(step: FetchStep, body: (context: CopyContext) => Promise<T>): Promise<T> =>
    reading('fetches', step, body);

  return {
    /** Keeps syncs off until this operation has ended. Answers the folder of its report. */
    async beginVerifyOffsite(step: VerifyCopyStep): Promise<string> {
      return verifying(step, async (context) => {
        await requireCopy(context);
        return context.workDir;
      });
    },

    async mirrorCopyMetadata(step: VerifyCopyStep): Promise<void> {
      await verifying(step, (context) => mirrorMetadata(context));
    },

    async lookUpCopyBlobs(step: VerifyCopyStep): Promise<LookedUp> {
      const { sample } = step.input;
      const seed = Number.parseInt(hashOf(step.name.operationKey).slice(0, 8), 16);
      const part = sample === null ? null : { share: sample / 100, seed };
      return verifying(step, (context) => lookUpBlobs(context, part));
    },

    /** Answers how many files are damaged. */
    async compareCopy(step: VerifyCopyStep & { source: string; sampled: number }): Promise<number> {
      return verifying(step, async (context) => {
        const damaged = await compareContent(context, step.source, step.sampled);
        tidyVerification(context.workDir);
        return damaged;
      });
    },

    async beginFetch(step: FetchStep): Promise<void> {
      return fetching(step, (context) => beginFetch(context, step.input.outputDir));
    },

    async chooseCopyAccounts(step: FetchStep): Promise<number> {
      return fetching(step, (context) => chooseAccounts(context, step.input.accounts));
    },

    async fetchCopyBlobs(step: FetchStep & { chosen: boolean }): Promise<Fetched> {
      return fetching(step, (context) => fetchBlobs(context, step.input.outputDir, step.chosen));
    },

    async fetchCopyMetadata(step: FetchStep & { chosen: boolean }): Promise<Fetched> {
      return fetching(step, (context) => fetchMetadata(context, step.input.outputDir, step.chosen));
    },

    async finishFetch(step: FetchStep & { chosen: boolean }): Promise<Fetched & { missing: number | null }> {
      return fetching(step, async (context) => {
        const result = await finishFetch(context, step.input.outputDir, step.chosen);
        rmSync(context.workDir, { recursive: true });
        return result;
      });
    },
  };
}
