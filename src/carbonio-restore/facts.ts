/** What only the mail host can say for the report. */
import { getItem } from '../carbonio/cli/inspect';
import { Problem } from '../failures';
import type { RestoreRequest } from '../restore/request';
import { rootOf } from './account-facts';
import type { HostRestoreEnv } from './host-restore';
import { hostRestoreDir, knownHostPlan, stepsOfPlan, type HostPlan } from './plan';
import { quotasAfter } from './quotas';
import type { ForeignBlobs } from './report';
import { tallyOf } from './tally';

/** Blobs of items of a store that we cannot read, quotas now. */
export async function factsForReport(
  env: HostRestoreEnv,
  request: RestoreRequest,
): Promise<{ foreign: ForeignBlobs; notes: string[] }> {
  const dir = hostRestoreDir(env.stateDir, request);
  const plan = knownHostPlan(dir);
  const tally = tallyOf(plan, stepsOfPlan(dir, plan, request.input.provisioningOnly));
  const notes = await quotasAfter(env, plan);
  const root = rootOf(plan.source.path);
  if (plan.isKnown || root === null) return { foreign: {}, notes };
  const foreign: Record<string, Record<string, string | null>> = { '': { root } };
  for (const { account, ids } of tally.batches.flatMap(({ end }) => end?.accounts ?? [])) {
    for (const id of ids.slice(0, MOST_ITEMS)) {
      (foreign[account] ??= {})[id] = await blobOf(env, plan, account, id);
    }
  }
  return { foreign, notes };
}

/** Each is a call of seconds. */
const MOST_ITEMS = 500;

async function blobOf(
  { cli, signal }: HostRestoreEnv,
  plan: HostPlan,
  account: string,
  item: string,
): Promise<string | null> {
  try {
    return (
      (await getItem(cli, account, item, { backupPath: plan.source.path, signal })).at(-1)?.blobPath ?? null
    );
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}
