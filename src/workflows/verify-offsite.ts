/** Verifies an offsite copy: reads it where it can be read as files, else compares it with its Backup Path. */
import { defineQuery, executeChild, ParentClosePolicy, workflowInfo } from '@temporalio/workflow';
import { parseInput } from '../contracts/input';
import {
  isPath,
  verifyOffsiteExample,
  verifyOffsiteInput,
  type VerifyOffsiteInput,
  type VerifyOffsiteRequest,
  type VerifyOffsiteResult,
  type VerifyOffsiteStatus,
} from '../contracts/verify-offsite';
import { inPhases, type CopyRun } from './copy-phases';
import type { verify } from './verify';

type Phase = Exclude<VerifyOffsiteStatus['phase'], 'ended'>;

export const verifyOffsiteStatusQuery = defineQuery<VerifyOffsiteStatus>('status');

export async function verifyOffsite(raw: VerifyOffsiteRequest): Promise<VerifyOffsiteResult> {
  const input = parseInput(verifyOffsiteInput, raw, verifyOffsiteExample);
  const frame = {
    query: verifyOffsiteStatusQuery,
    description: 'Phase of this verification. No input.',
    phase: 'reading the copy' as const,
    where: `- copy: \`${input.destination}\``,
  };
  return inPhases(frame, input, runbook);
}

async function runbook({ step, at }: CopyRun<Phase, VerifyOffsiteInput>): Promise<VerifyOffsiteResult> {
  const { input } = step;
  const reportDir = await at('reading the copy', (steps) => steps.beginVerifyOffsite(step));
  if (isPath(input.destination)) return readCopy(input);

  await at('fetching metadata', (steps) => steps.mirrorCopyMetadata(step));
  const looked = await at('looking for blobs', (steps) => steps.lookUpCopyBlobs(step));
  const { sampled, damaged, ...found } = looked;
  // the contract asks for it where the copy is no folder
  const source = input.sourcePath as string;
  const differing = await at('comparing', (steps) => steps.compareCopy({ ...step, source, sampled }));
  return {
    ...found,
    status: found.missing + damaged + differing === 0 ? 'clean' : 'findings',
    operationId: step.name.operationId,
    destination: input.destination,
    how: 'compared',
    blobs: sampled,
    damaged: damaged + differing,
    reportDir,
    verify: null,
  };
}

/** By the verification of any Backup Path, as a child. */
async function readCopy(input: VerifyOffsiteInput): Promise<VerifyOffsiteResult> {
  const { workflowId } = workflowInfo();
  const { heartbeatSeconds } = input.advanced;
  const found = await executeChild<typeof verify>('verify', {
    workflowId: `${workflowId}/verify`,
    args: [{ sourcePath: input.destination, sample: input.sample, advanced: { heartbeatSeconds } }],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
  });
  return {
    status: found.status,
    operationId: workflowId,
    destination: input.destination,
    how: 'read',
    blobs: found.blobs,
    items: found.items,
    accounts: found.accounts,
    missing: found.read,
    damaged: found.broken + found.invalid + found.doubleGzipped,
    reportDir: found.reportDir,
    verify: found,
  };
}
