/**
 * Quotas before and after: the mail host lifts them for a restore and sets them again only when it ends well (reference,
 * section 7), so a restore that was stopped or lost may leave accounts without.
 */
import type { CarbonioCli } from '../carbonio/cli';
import { Problem } from '../failures';
import { listed } from './names';
import type { HostPlan } from './plan';
import type { SurveyRow } from './survey';

interface QuotaEnv {
  readonly cli: CarbonioCli;
  readonly signal: AbortSignal;
}

/** Each is a call of seconds. */
export const MOST_QUOTAS = 100;

/** Bytes by address, of accounts that are there already or have one in the backup. */
export async function quotasOf(env: QuotaEnv, rows: readonly SurveyRow[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const few = rows.length <= MOST_QUOTAS;
  for (const { name, quota } of rows) {
    const now = few ? await quotaOf(env, name) : null;
    if (now !== null) found[name] = now;
    else if (quota !== null) found[name] = quota;
  }
  return found;
}

/** What a restore that did not end well has left without its quota. */
export async function quotasAfter(
  env: QuotaEnv,
  { quotas, accounts }: Pick<HostPlan, 'quotas' | 'accounts'>,
): Promise<string[]> {
  const before = Object.entries(quotas);
  if (before.length > MOST_QUOTAS || accounts.length > MOST_QUOTAS * 10) {
    return [
      'Quotas were not compared, there are too many accounts: an interrupted restore may leave some without one.',
    ];
  }
  const changed: string[] = [];
  for (const [name, quota] of before) {
    const now = await quotaOf(env, name);
    if (now !== null && now !== quota)
      changed.push(`${name} (${quota} before, ${now === '0' ? 'none' : now} now)`);
  }
  if (changed.length === 0) return [];
  return [
    `Quotas differ from before: ${listed(changed)}. A restore that was interrupted leaves accounts without one; set it again ` +
      '(`carbonio prov modifyAccount ADDRESS zimbraMailQuota BYTES`).',
  ];
}

/** Null for an account that is not there, or has none. */
async function quotaOf({ cli, signal }: QuotaEnv, name: string): Promise<string | null> {
  try {
    const { raw } = await cli.call(['prov', 'getAccount', name, 'zimbraMailQuota'], { signal });
    return /zimbraMailQuota["']?\s*:\s*["']?(\d+)/.exec(raw)?.[1] ?? null;
  } catch (error) {
    if (error instanceof Problem && ['CommandFailed', 'UnknownOutput'].includes(error.type)) return null;
    throw error;
  }
}
