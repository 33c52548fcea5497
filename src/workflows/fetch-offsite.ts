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
import { inPhases, type CopyRun } from './copy-phases';

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
  return inPhases(frame, input, runbook);
}

async function runbook({ step, at }: CopyRun<Phase, FetchOffsiteInput>): Promise<FetchOffsiteResult> {
  const { input } = step;
  const chosen = input.accounts.length > 0;
  await at('checking', (steps) => steps.beginFetch(step));
  const accounts = chosen ? await at('choosing', (steps) => steps.chooseCopyAccounts(step)) : null;
  // metadata first: another machine may sync to the copy meanwhile, and adds blobs before it adds what names them
  const metadata = await at('fetching metadata', (steps) => steps.fetchCopyMetadata({ ...step, chosen }));
  const blobs = await at('fetching blobs', (steps) => steps.fetchCopyBlobs({ ...step, chosen }));
  // backup.json last: an earlier end leaves a folder that nobody takes for a Backup Path
  const end = await at('finishing', (steps) => steps.finishFetch({ ...step, chosen }));
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
