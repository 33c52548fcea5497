/** What a protocol that only takes mail can do for accounts, folders of others and the like: nothing, said aloud. */
import type { AccountExtras, ProvisionAccount, ProvisionCounts, ProvisionPlan } from '../target';
import { Problem } from '../../failures';

/** So many accounts are tried before all of them are believed to be refused. */
export const TRIED = 10;

/**
 * Creates nothing. Looks whether any of the first accounts can be used at all, so that a wrong password is told at
 * once and not once for every account.
 *
 * @param attempt throws the Problem that says why an account cannot be used
 */
export async function onlyLook(
  plan: ProvisionPlan,
  protocol: string,
  attempt: (account: ProvisionAccount) => Promise<void>,
): Promise<ProvisionCounts> {
  const counts = { domains: 0, coses: 0, lists: 0, accounts: 0, aliases: 0, existing: 0 };
  await requireOne(plan.accounts, attempt);
  const notes = [
    `${protocol} creates no domains, accounts, aliases or lists: items of accounts that the server does not have are reported.`,
  ];
  return { ...counts, notes };
}

/**
 * @param attempt throws the Problem that says why an account cannot be used
 * @throws Problem that of the first account, when none of the first ones can be used
 */
export async function requireOne<T>(
  accounts: Iterable<T>,
  attempt: (account: T) => Promise<void>,
): Promise<void> {
  let tried = 0;
  let refusal: Problem | null = null;
  let passing: Problem | null = null;
  for (const account of accounts) {
    if (tried++ === TRIED) break;
    try {
      return await attempt(account);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.type !== 'TargetUnavailable') refusal ??= error;
      // of one mailbox it says nothing about the others
      else if (error.details.mailbox !== undefined) passing ??= error;
      else throw error;
    }
  }
  // it may be otherwise later
  if (passing !== null) throw passing;
  if (refusal !== null) throw refusal;
}

export function extrasNotHeld(protocol: string, extras: AccountExtras): string[] {
  const counts = [
    [extras.mountpoints.length, 'mountpoints'],
    [extras.shares.length, 'shares'],
    [extras.dataSources.length, 'data sources'],
  ] as const;
  const some = counts.filter(([count]) => count > 0).map(([count, what]) => `${what} (${count})`);
  return some.length === 0 ? [] : [`Not restored, ${protocol} has no such thing: ${some.join(', ')}.`];
}
