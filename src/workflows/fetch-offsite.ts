/** Brings an offsite copy, or some accounts of it, to a folder of this machine, from which it can be restored. */
import { defineQuery } from '@temporalio/workflow';
import {
  fetchOffsiteExample,
  fetchOffsiteInput,
  type FetchOffsiteInput,
  type FetchOffsiteRequest,
  type FetchOffsiteResult,
  type FetchOffsiteStatus,
} from '../contracts/fetch-offsite';
import { parseInput } from '../contracts/input';
import { inPhases, type Begin } from './copy-phases';
import { transferSteps } from './offsite-sync';
import { operationName } from './operation-name';
import { patiently, type Patience } from './patience';

type Phase = Exclude<FetchOffsiteStatus['phase'], 'ended'>;

export const fetchOffsiteStatusQuery = defineQuery<FetchOffsiteStatus>('status');

export async function fetchOffsite(raw: FetchOffsiteRequest): Promise<FetchOffsiteResult> {
  const input = parseInput(fetchOffsiteInput, raw, fetchOffsiteExample);
  const frame = {
    query: fetchOffsiteStatusQuery,
    description: 'Phase of this fetch. No input.',
    phase: 'checking' as const,
    where: `- from \`${input.destination}\` to \`${input.outputDir}\``,
  };
  return inPhases<Phase, FetchOffsiteResult>(frame, (begin) => runbook(input, begin));
}

async function runbook(input: FetchOffsiteInput, begin: Begin<Phase>): Promise<FetchOffsiteResult> {
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
  // metadata first: another machine may sync to the copy meanwhile, and adds blobs before it adds what names them
  begin({ phase: 'fetching metadata' });
  const metadata = await patiently(patience, () => steps.fetchCopyMetadata({ ...step, chosen }));
  begin({ phase: 'fetching blobs' });
  const blobs = await patiently(patience, () => steps.fetchCopyBlobs({ ...step, chosen }));
  // backup.json last: an earlier end leaves a folder that nobody takes for a Backup Path
  begin({ phase: 'finishing' });
  const end = await patiently(patience, () => steps.finishFetch({ ...step, chosen }));
  const { destination, outputDir } = input;
  return {
    status: (end.missing ?? 0) > 0 ? 'partial' : 'fetched',
    operationId: step.name.operationId,
    ...{ destination, outputDir, accounts },
    files: blobs.files + metadata.files + end.files,
    bytes: blobs.bytes + metadata.bytes + end.bytes,
    missing: end.missing,
  };
}
