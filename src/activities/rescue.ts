/** Activities of retrying and rescuing: each runs in a thread and heartbeats for it. */
import type { Config } from '../config';
import type { RescueItemsInput } from '../contracts/rescue-items';
import type { RetryUnrestoredInput } from '../contracts/retry-unrestored';
import type { OperationName } from '../host/operation-dir';
import type { RescueIndexInput } from '../rescue/index-files';
import type { RescuePlan, RescueSliceResult } from '../rescue/model';
import type { RescueSlice } from '../rescue/slice';
import type { RetryPlan } from '../restore/retry';
import { step } from './restore';

export function createRescueActivities({ stateDir, defaultTarget, secretsDir }: Config) {
  const settings = { stateDir, defaultTarget, secretsDir };
  return {
    /** Reads the report, and writes the list of the items that are tried again. */
    async planRetry(input: { name: OperationName; input: RetryUnrestoredInput }): Promise<RetryPlan> {
      return step('planRetry', { ...input, settings });
    },

    /** Writes the list of the items to rescue. */
    async planRescue(input: { name: OperationName; input: RescueItemsInput }): Promise<RescuePlan> {
      return step('planRescue', { ...input, settings });
    },

    /** Rescues items for at most `seconds`, at least one. */
    async rescueSlice(input: RescueSlice): Promise<RescueSliceResult> {
      return step('rescueSlice', input);
    },

    /** Writes index.txt and index.json beside the files. */
    async writeRescueIndex(input: RescueIndexInput): Promise<void> {
      return step('writeRescueIndex', input);
    },
  };
}
