/** Activities of overrides: change a setting of the host for a while, put it back, see to those that were forgotten. */
import { getClient, log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Config } from '../config';
import type { TurnOwner } from '../contracts/operation-queue';
import type { Setting } from '../contracts/override';
import { Problem } from '../failures';
import { HostOverrides } from '../overrides/host';
import { isSameHolder, type OverrideHolder, type RevertOutcome } from '../overrides/model';
import { applyOverride, revertOverride } from '../overrides/override';
import { reviewOverrides, type Reviewed } from '../overrides/review';
import { beating } from './beating';
import { isRunning } from './chain';
import { toFailure } from './failure';
import { hostLog } from './host-log';
import type { HostWork } from './host-work';

export interface OverrideStep {
  readonly owner: TurnOwner;
  readonly slot: string;
}
export interface ApplyStep extends OverrideStep {
  readonly key: string;
  readonly wanted: Setting;
  readonly deadlineSeconds: number;
  /** It was changed before, by this chain of runs: what somebody has put back since is not changed anew. */
  readonly isCarried?: boolean;
}

/** What was changed. */
export interface Applied {
  readonly original: Setting;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** @param realm id of the Temporal namespace that the client is for */
export const holderIsRunning =
  (client: Client, realm: string) =>
  async (holder: OverrideHolder): Promise<boolean | null> =>
    holder.realm === realm ? isRunning(client, holder) : null;

export function createOverrideActivities(config: Config, work: HostWork) {
  const overrides = new HostOverrides(config, hostLog(log));
  const holderOf = ({ operationId, firstRunId }: TurnOwner): OverrideHolder => ({
    realm: work.realm,
    operationId,
    firstRunId,
  });

  /** One whose holder has ended is in nobody's hands. */
  async function takeBackForgotten(slot: string, holder: OverrideHolder): Promise<void> {
    const entry = overrides.journal.read(slot);
    if (entry === null || entry.state === 'left' || isSameHolder(entry.holder, holder)) return;
    if ((await holderIsRunning(getClient(), work.realm)(entry.holder)) !== false) return;
    await revertOverride(overrides.journal, overrides.port(slot), slot, entry.holder);
  }

  function requireOnRecord(slot: string, key: string, holder: OverrideHolder): void {
    const entry = overrides.journal.read(slot);
    if (entry !== null && entry.state !== 'left' && isSameHolder(entry.holder, holder)) return;
    throw new Problem('OverrideConflict', `${key} was put back by somebody before its operation was done.`);
  }

  return {
    /** Changes a setting, and proves it. Again it goes on where it was, with the deadline that it had. */
    async applyOverride(asked: ApplyStep): Promise<Applied> {
      const { owner, slot, key, wanted, deadlineSeconds, isCarried = false } = asked;
      return failing(async () => {
        const holder = holderOf(owner);
        if (isCarried) requireOnRecord(slot, key, holder);
        await takeBackForgotten(slot, holder);
        const wish = { slot, key, wanted, holder, deadline: Date.now() + deadlineSeconds * 1000 };
        const { original, deadline } = await applyOverride(
          overrides.journal,
          overrides.port(slot),
          wish,
          async () => {
            if (await isRunning(getClient(), owner)) return;
            throw new Problem('HolderGone', `The operation ${owner.operationId} has ended.`);
          },
        );
        return { original, deadline };
      });
    },

    /** Puts back what this operation has changed; nothing when it is back already. */
    async revertOverride({ owner, slot }: OverrideStep): Promise<RevertOutcome> {
      return failing(async () => {
        const end = await revertOverride(
          overrides.journal,
          overrides.port(slot),
          slot,
          holderOf(owner),
        ).catch(askedAgain);
        if (end.outcome !== 'nothing' && end.note !== undefined) log.warn(end.note, { slot });
        return end;
      });
    },

    /** Puts back what was forgotten on this host. */
    async reviewOverrides(): Promise<Reviewed[]> {
      return failing(() => reviewOverrides(overrides, holderIsRunning(getClient(), work.realm)));
    },
  };
}

/** What the host refuses now, or answers now, need not be its last word: a way back is tried until it is gone. */
function askedAgain(error: unknown): never {
  if (!(error instanceof Problem) || !['CommandFailed', 'UnknownOutput'].includes(error.type)) throw error;
  throw new Problem('OverrideNotBack', `It could not be put back yet: ${error.message}`, error.details, {
    cause: error,
  });
}

/** A reload takes seconds, and other processes are waited for. */
async function failing<T>(body: () => Promise<T>): Promise<T> {
  return beating(async () => {
    try {
      return await body();
    } catch (error) {
      throw toFailure(error);
    }
  });
}
