/** Verification of a Backup Path. It only reads, so it waits for nobody. */
import {
  CancellationScope,
  ContinueAsNew,
  continueAsNew,
  defineQuery,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { parseInput } from '../contracts/input';
import {
  verifyExample,
  verifyInput,
  type VerifyCarry,
  type VerifyPhaseName,
  type VerifyRequest,
  type VerifyResult,
  type VerifyStatus,
} from '../contracts/verify';
import type { SliceAnswer, VerificationRequest } from '../verification/model';
import { stepsOf } from './external-restore';
import { unwrapFailure } from './failure';
import { historyIsLong } from './history';
import { operationName } from './operation-name';

export const verifyStatusQuery = defineQuery<VerifyStatus>('status');

/** Shortest work unit; they grow, so that a short verification shows its progress. */
const FIRST_SLICE_SECONDS = 5;

export async function verify(raw: VerifyRequest): Promise<VerifyResult> {
  const input = parseInput(verifyInput, raw, verifyExample);
  const { carry, ...rest } = input;
  const request: VerificationRequest = { ...operationName(), input: rest };
  const state = new VerifyState(input.sourcePath, carry);
  const { patient } = stepsOf(input);
  const { sliceSeconds, continueAsNewAfterEvents } = input.advanced;
  let seconds = Math.min(FIRST_SLICE_SECONDS, sliceSeconds);
  try {
    for (;;) {
      const { slices: slice, cursor, serverId } = state;
      const answer = await patient.verifySlice({ request, slice: { slice, seconds, cursor, serverId } });
      state.advanced(answer);
      if (answer.cursor === null) {
        state.begin('report');
        const result = await patient.finishVerify({ request, slices: state.slices, last: answer });
        state.begin('ended');
        return result;
      }
      // a cancelled one ends at its next step
      const cancelled = CancellationScope.current().consideredCancelled;
      if (!cancelled && historyIsLong(continueAsNewAfterEvents))
        return await continueAsNew<typeof verify>({ ...raw, carry: state.carry() });
      seconds = Math.min(seconds * 2, sliceSeconds);
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    throw unwrapFailure(error);
  }
}

const PHASE_NAMES: Record<VerifyCarry['cursor']['phase'], VerifyPhaseName> = {
  blobs: 'reading blobs',
  items: 'reading metadata',
  orphans: 'looking at orphans',
};

class VerifyState {
  slices: number;
  serverId: string | null;
  cursor: VerifyCarry['cursor'] | null;
  private phase: VerifyPhaseName;
  private latest: Pick<SliceAnswer, 'blobs' | 'bytes' | 'accounts' | 'items' | 'findings'> | null;
  private readonly startedAt: number;

  constructor(
    private readonly sourcePath: string,
    carry: VerifyCarry | undefined,
  ) {
    this.slices = carry?.slices ?? 0;
    this.startedAt = carry?.startedAt ?? Date.now();
    this.serverId = carry?.serverId ?? null;
    this.cursor = carry?.cursor ?? null;
    this.phase = PHASE_NAMES[carry?.cursor.phase ?? 'blobs'];
    this.latest = carry ? { ...carry.cursor.counts, findings: carry.cursor.findings } : null;
    setHandler(verifyStatusQuery, () => this.status(), {
      description: 'Phase, counts and findings of this verification. No input.',
    });
    this.show();
  }

  advanced(answer: SliceAnswer): void {
    this.slices++;
    this.serverId = answer.serverId;
    this.latest = answer;
    this.cursor = answer.cursor;
    if (answer.cursor !== null) this.phase = PHASE_NAMES[answer.cursor.phase];
    this.show();
  }

  begin(phase: VerifyPhaseName): void {
    this.phase = phase;
    this.show();
  }

  carry(): VerifyCarry {
    const { slices, startedAt } = this;
    return {
      slices,
      startedAt,
      serverId: this.serverId as string,
      cursor: this.cursor as VerifyCarry['cursor'],
    };
  }

  status(): VerifyStatus {
    const { phase, latest } = this;
    const found = latest?.findings;
    return {
      phase,
      checked: (latest?.blobs ?? 0) + (latest?.items ?? 0),
      bytes: latest?.bytes ?? 0,
      accounts: latest?.accounts ?? 0,
      findings: found ? found.read + found.broken + found.invalid + found['double-gzipped'] : 0,
    };
  }

  /** The page of the Temporal UI. */
  private show(): void {
    const { phase, checked, bytes, accounts, findings } = this.status();
    const seconds = Math.round((Date.now() - this.startedAt) / 1000);
    const lines = [
      `**Phase: ${phase}**`,
      '',
      `- Backup Path: \`${this.sourcePath}\``,
      `- read: ${checked} files, ${Math.round(bytes / 1e6)} MB of content, ${accounts} accounts, in ${seconds} s`,
      `- findings: ${findings}`,
      ...(phase === 'ended'
        ? []
        : ['', 'Live numbers stand in the heartbeat details of the pending activity.']),
    ];
    setCurrentDetails(lines.join('\n'));
  }
}
