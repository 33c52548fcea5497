/** What the steps of a restore by the mail host have brought so far, from what is on disk. */
import { parseNotification } from '../carbonio/parse/notification';
import { parseRestoreEnd, type RestoreEnd } from '../carbonio/parse/restore-end';
import { Problem } from '../failures';
import { addCounters, zeroCounters, type Counters } from '../report/model';
import type { HostPlan, HostStep } from './plan';

export interface BatchEnd {
  readonly step: HostStep;
  readonly end: RestoreEnd | null;
  /** How often it was lost on the host before. */
  readonly lost: number;
}

export interface Tally {
  readonly counters: Counters;
  readonly accountsDone: number;
  readonly ended: number;
  readonly batches: readonly BatchEnd[];
  /** What is not proved to be done, a sentence each; empty when all is. */
  readonly problems: readonly string[];
}

export function tallyOf(plan: HostPlan, steps: readonly HostStep[]): Tally {
  const counters = zeroCounters();
  for (const { counters: known } of plan.accounts)
    if (known !== null) addCounters(counters, { ...known, bytes: 0 });
  const batches: BatchEnd[] = [];
  const problems: string[] = [];
  let [accountsDone, ended] = [0, 0];
  for (const step of steps) {
    const asked = step.journal.read();
    const result = asked?.result ?? null;
    if (asked === null || result === null) continue;
    ended++;
    if (result.outcome !== 'successful') {
      problems.push(`${step.name}: ${result.why ?? result.outcome}`);
    }
    if (step.phase === 'provisioning') continue;
    const end = endIn(result.text);
    batches.push({ step, end, lost: asked.attempts.length - 1 });
    accountsDone += step.accounts.length;
    if (end === null) continue;
    counters.restored += end.restored;
    counters.skipped += end.skipped;
    counters.unrestored += end.unrestored;
  }
  return { counters, accountsDone, ended, batches, problems };
}

function endIn(text: string | null): RestoreEnd | null {
  if (text === null) return null;
  try {
    return parseRestoreEnd(parseNotification(text));
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}
