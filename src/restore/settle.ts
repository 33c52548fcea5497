/** Waiting until a target has finished or dropped what a dead attempt had sent. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountLedger } from '../ledger/account-ledger';
import type { SliceContext } from './slice';

const LOOK_EVERY_MS = 250;

/**
 * True once the doubtful items of the account can be looked for. Before, the account goes behind all others
 * (`postponed`); when there are no others, it is waited for. False: the attempt should end.
 */
export async function awaitSettled(
  context: SliceContext,
  ledger: AccountLedger,
  seq: number,
): Promise<boolean | 'postponed'> {
  const { target, operation, lane } = context;
  const seconds = target.settleSeconds ?? 0;
  const since = seconds === 0 ? null : ledger.doubtsSince(Date.now());
  if (since === null) return true;
  const until = since + seconds * 1000;
  if (Date.now() < until && operation.postpone(lane, seq)) return 'postponed';
  while (Date.now() < until) {
    if (context.shouldStop(false)) return false;
    context.onProgress();
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}
