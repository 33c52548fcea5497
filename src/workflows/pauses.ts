/**
 * Settings of the mail host that are otherwise while a restore works, over all of its runs: what is changed belongs to the
 * whole chain of runs, and the next run finds it in the journal. What sees to the way back is that of every override
 * (override.ts), but its guard watches the chain, and at the deadline the restore goes on without the change.
 */
import { CancellationScope, isCancellation, log, proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { CarriedPauses, Pause } from '../contracts/engine';
import { settingText, type Setting } from '../contracts/override';
import { failureMessage } from './failure';
import { goBack, overrideStep, startGuard, tellGuard, type OverrideEnd } from './override';
import { untilSignal } from './override-guard';
import { thisOperation } from './turn';

const policy = { initialInterval: '1 second', backoffCoefficient: 1 } as const;
const { applyOverride } = proxyActivities<Activities>({ ...overrideStep, retry: policy });
/** What may not come by itself for days does not hold a restore up that can do without. */
const { applyOverride: applyIfFree } = proxyActivities<Activities>({
  ...overrideStep,
  retry: { ...policy, nonRetryableErrorTypes: ['OverrideBusy', 'StateUnavailable'] },
});

interface Held {
  readonly pause: Pause;
  readonly original: Setting;
}

export class Pauses {
  private readonly held = new Map<string, Held>();
  private readonly told: string[];
  private readonly clock = new CancellationScope({ cancellable: true });
  private goingBack: Promise<void> | null = null;

  constructor(private readonly carried: CarriedPauses | undefined) {
    this.told = [...(carried?.notes ?? [])];
  }

  /** What became of them, a sentence each. */
  get notes(): readonly string[] {
    return this.told;
  }

  /**
   * Makes the changes, or finds those of the run before.
   * @param planned of the first run
   */
  async begin(planned: readonly Pause[]): Promise<void> {
    let first = Infinity;
    const isCarried = this.carried !== undefined;
    for (const pause of this.carried?.held ?? planned) {
      const deadline = await this.change(pause, isCarried);
      if (deadline !== null) first = Math.min(first, deadline);
    }
    if (this.held.size === 0) return;
    this.clock
      .run(async () => {
        await sleep(Math.max(1, first - Date.now()), { summary: 'until the settings go back' });
        await this.back(' at its deadline, while the restore went on');
      })
      .catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
      });
  }

  private async change(pause: Pause, isCarried: boolean): Promise<number | null> {
    const { slot, key, wanted, deadlineSeconds, what, optional } = pause;
    await startGuard(slot, 'chain');
    try {
      const apply = optional ? applyIfFree : applyOverride;
      const step = { owner: thisOperation(), slot, key, wanted, deadlineSeconds, isCarried };
      const { original, deadline } = await apply(step);
      this.held.set(slot, { pause, original });
      await tellGuard(slot, untilSignal, deadline);
      return deadline;
    } catch (error) {
      if (!this.held.has(slot)) await CancellationScope.nonCancellable(() => goBack(slot));
      if (isCancellation(error) || !(optional || isCarried)) throw error;
      const why = failureMessage(error);
      log.warn('a setting could not be changed for the restore', { key, why });
      this.told.push(`${what} could not be ${isCarried ? 'kept' : 'switched'} off meanwhile: ${why}`);
      return null;
    }
  }

  /** For the next run; what is on its way back is waited for. */
  async carry(): Promise<CarriedPauses> {
    await this.goingBack;
    this.clock.cancel();
    return { held: [...this.held.values()].map(({ pause }) => pause), notes: [...this.told] };
  }

  /** The restore is over: everything goes back. Cannot be cancelled, and never fails. */
  async end(): Promise<void> {
    await this.goingBack;
    this.clock.cancel();
    await this.back('');
  }

  private back(when: string): Promise<void> {
    this.goingBack = CancellationScope.nonCancellable(async () => {
      const ends = await Promise.all(
        [...this.held.values()].map(async (one) => sentence(one, await goBack(one.pause.slot), when)),
      );
      this.told.push(...ends);
      this.held.clear();
    });
    return this.goingBack;
  }
}

function sentence({ pause: { key, what }, original }: Held, end: OverrideEnd, when: string): string {
  const was = `${what} was switched off meanwhile (${key})`;
  if (end.outcome === 'pending')
    return `${was} and could not be put back to ${settingText(original)} yet: ${end.why} It is tried again (\`lifeboat overrides list\`).`;
  if (end.outcome === 'left')
    return `${was}; somebody else has changed it since to ${settingText(end.found)}, and it stays so. It was ${settingText(original)}.`;
  return `${was} and went back${when} to what it was: ${settingText(original)}.`;
}
