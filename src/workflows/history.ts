import { workflowInfo } from '@temporalio/workflow';

/** @param limit events; null: only when the server suggests it */
export function historyIsLong(limit: number | null): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (limit !== null && historyLength >= limit);
}
