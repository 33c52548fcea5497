/** The ends of operations that are no restore, each shown as its own command shows it. */
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { ExternalRestoreResult } from '../contracts/external-restore';
import type { FetchOffsiteResult } from '../contracts/fetch-offsite';
import type { DirectExportResult } from '../contracts/host-operations';
import type { OffsiteSyncResult } from '../contracts/offsite-sync';
import type { RescueItemsResult } from '../contracts/rescue-items';
import type { VerifyResult } from '../contracts/verify';
import type { VerifyOffsiteResult } from '../contracts/verify-offsite';
import { showExportEnd } from './commands/export';
import { showSyncEnd } from './commands/offsite-sync';
import { showFetchEnd } from './commands/offsite-fetch';
import { showVerifyOffsiteEnd } from './commands/offsite-verify';
import { showRescueEnd } from './commands/rescue';
import { showRetryEnd } from './commands/retry';
import { showVerifyEnd } from './commands/verify';
import { showNotDone } from './not-done';
import type { OperationEnd } from './operation';
import { outcomeOf, type Outcome } from './outcome';
import { print, printJson } from './output';
import type { Link } from './server';

export async function showOtherEnd(
  link: Link,
  { type, workflowId: operationId, runId }: WorkflowExecutionDescription,
  page: string | null,
  json: boolean,
): Promise<void> {
  const end = { operationId, runId, page, link };
  if (type === 'verify')
    await showVerifyEnd(
      { ...end, outcome: await outcomeOf<VerifyResult>(link.client, operationId, runId) },
      json,
    );
  else if (type === 'offsiteSync')
    await showSyncEnd(
      { ...end, outcome: await outcomeOf<OffsiteSyncResult>(link.client, operationId, runId) },
      json,
    );
  else if (type === 'verifyOffsite')
    await showVerifyOffsiteEnd(
      { ...end, outcome: await outcomeOf<VerifyOffsiteResult>(link.client, operationId, runId) },
      json,
    );
  else if (type === 'fetchOffsite')
    showFetchEnd(
      { ...end, outcome: await outcomeOf<FetchOffsiteResult>(link.client, operationId, runId) },
      json,
    );
  else if (type === 'rescueItems')
    showRescueEnd(
      { ...end, outcome: await outcomeOf<RescueItemsResult>(link.client, operationId, runId) },
      json,
    );
  else if (type === 'exportBackup' && (await isDirectExport(end)))
    showExportEnd(
      { ...end, outcome: await outcomeOf<DirectExportResult>(link.client, operationId, runId) },
      json,
    );
  else if (type === 'retryUnrestored') {
    const outcome = await outcomeOf<ExternalRestoreResult | null>(link.client, operationId, runId);
    await showRetryEnd({ ...end, outcome }, json);
  } else showAnyEnd(type, operationId, await outcomeOf<object>(link.client, operationId, runId), json);
}

/** Of an operation that no command starts and watches: its answer as it is. */
function showAnyEnd(type: string, operationId: string, outcome: Outcome<object>, json: boolean): void {
  if (outcome.kind !== 'done') showNotDone(type, operationId, outcome, json);
  else if (json) printJson({ status: 'completed', operationId, result: outcome.result });
  else print(`${operationId} completed: ${JSON.stringify(outcome.result)}`);
}

/** Not one of the mail host, which has another result. */
async function isDirectExport({
  link,
  operationId,
  runId,
}: Pick<OperationEnd<unknown>, 'link' | 'operationId' | 'runId'>): Promise<boolean> {
  const outcome = await outcomeOf<object>(link.client, operationId, runId);
  return outcome.kind !== 'done' || 'destination' in outcome.result;
}
