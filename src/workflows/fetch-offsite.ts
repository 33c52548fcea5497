/** Brings an offsite copy, or some accounts of it, to a folder of this machine, from which it can be restored. */
import { defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';
import {
  fetchOffsiteExample,
  fetchOffsiteInput,
  type FetchOffsiteInput,
  type FetchOffsiteRequest,
  type FetchOffsiteResult,
  type FetchOffsiteStatus,
} from '../contracts/fetch-offsite';
import { parseInput } from '../contracts/input';
import { unwrapFailure } from './failure';
import { transferSteps } from './offsite-sync';
import { operationName } from './operation-name';
import { patiently, type Patience } from './patience';

export const fetchOffsiteStatusQuery = defineQuery<FetchOffsiteStatus>('status');

export async function fetchOffsite(raw: FetchOffsiteRequest): Promise<FetchOffsiteResult> {
  const input = parseInput(fetchOffsiteInput, raw, fetchOffsiteExample);
  const status: FetchOffsiteStatus = { phase: 'checking', waiting: null };
  setHandler(fetchOffsiteStatusQuery, () => status, { description: 'Phase of this fetch. No input.' });
  const begin = (change: Partial<FetchOffsiteStatus>): void => {
    Object.assign(status, change);
    const waiting = status.waiting === null ? '' : `\n\nWaiting: ${status.waiting}`;
    const where = `- from \`${input.destination}\` to \`${input.outputDir}\``;
    setCurrentDetails(`**Phase: ${status.phase}**${waiting}\n\n${where}`);
  };
  try {
    const result = await runbook(input, begin);
    begin({ phase: 'ended' });
    return result;
  } catch (error) {
    throw unwrapFailure(error);
  }
}

async function runbook(
  input: FetchOffsiteInput,
  begin: (change: Partial<FetchOffsiteStatus>) => void,
): Promise<FetchOffsiteResult> {
  const step = { name: operationName(), input };
  const steps = transferSteps(input.advanced.heartbeatSeconds);
  const patience: Patience = { attempts: input.advanced.attempts, waits: (waiting) => begin({ waiting }) };
  const chosen = input.accounts.length > 0;
  begin({ phase: 'checking' });
  await patiently(patience, () => steps.beginFetch(step));
  let accounts: number | null = null;
  if (chosen) {
    begin({ phase: 'choosing' });
    accounts = await patiently(patience, () => steps.chooseCopyAccounts(step));
  }
  begin({ phase: 'fetching blobs' });
  const blobs = await patiently(patience, () => steps.fetchCopyBlobs({ ...step, chosen }));
  // metadata last: an earlier end leaves a folder that nobody takes for a Backup Path
  begin({ phase: 'fetching metadata' });
  const metadata = await patiently(patience, () => steps.fetchCopyMetadata({ ...step, chosen }));
  const { destination, outputDir } = input;
  return {
    status: (metadata.missing ?? 0) > 0 ? 'partial' : 'fetched',
    operationId: step.name.operationId,
    ...{ destination, outputDir, accounts },
    files: blobs.files + metadata.files,
    bytes: blobs.bytes + metadata.bytes,
    missing: metadata.missing,
  };
}
