/** A restore by the mail host's own command: first the accounts, then their items, batch by batch. Knows no Temporal. */
import { resolve } from 'node:path';
import type { CarbonioCli } from '../carbonio/cli';
import { getAvailableAccounts } from '../carbonio/cli/inspect';
import { getServices } from '../carbonio/cli/settings';
import type { ProgressBlock } from '../carbonio/parse/monitor';
import type { ExternalRestoreInput } from '../contracts/external-restore';
import { Problem } from '../failures';
import { NOT_KNOWN } from '../report/read-unrestored';
import type { RestoreRequest } from '../restore/request';
import type { SliceResult } from '../restore/tasks';
import { drive, stop, type DriveOptions } from './drive';
import {
  askFor,
  dropList,
  hostRestoreDir,
  knownHostPlan,
  readHostPlan,
  renewList,
  reportDirOf,
  stepsOfPlan,
  writeHostPlan,
  type HostPlan,
  type HostStep,
} from './plan';
import { afterwards } from './afterwards';
import { pausesOf } from './pauses';
import { refuseOwnServer } from './own-server';
import { preflightOf } from './preflight';
import { itemsIn, itemsOf, shownOf } from './progress';
import { quotasOf } from './quotas';
import { batchesOf, type SurveyRow } from './survey';
import { tallyOf } from './tally';
import type { Surveyed } from './tasks';

export interface HostRestoreEnv {
  readonly cli: CarbonioCli;
  /** Name of the mail host, for people. */
  readonly host: string;
  /** What the mail server calls itself. */
  readonly serverName: () => Promise<string>;
  readonly stateDir: string;
  readonly signal: AbortSignal;
  /** What works on the host for this restore from now on, and the file that says what was asked. */
  readonly onHost: (id: string | null, journal: string) => void;
}

export interface HostSlice extends SliceResult {
  /** The accounts are there. */
  readonly provisioned: boolean;
  /** What works on the host, in a few words; null when nothing does. */
  readonly onHost: string | null;
}

/** Whether the Backup module of the mail host answers; why not, else. */
export async function isServed(cli: CarbonioCli, signal: AbortSignal): Promise<string | null> {
  try {
    const services = await getServices(cli, { signal });
    const module = services.find(({ name }) => name === 'module');
    return module?.running === false ? 'the Backup module of the mail host does not run' : null;
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
}

/** Makes the plan, once. @throws Problem `AccountNotFound`, `HostNotReady` */
export async function planHostRestore(
  env: HostRestoreEnv,
  request: RestoreRequest,
  read: () => Promise<Surveyed>,
): Promise<HostPlan> {
  const dir = hostRestoreDir(env.stateDir, request);
  const known = readHostPlan(dir);
  if (known !== null) return known;
  const { input } = request;
  const surveyed = await read();
  const rows = surveyed.isKnown ? surveyed.rows : await rowsOfHost(env, input);
  const path = resolve(input.sourcePath);
  const unread = { path, serverName: NOT_KNOWN, serverId: NOT_KNOWN, dialect: 'not known here' };
  const notes = surveyed.isKnown
    ? surveyed.notes
    : ['The metadata cannot be read here: what the mail host says counts.'];
  const only = input.onlyItems === undefined ? [] : ['Run again for chosen items: what is there is skipped.'];
  const included = rows.filter(({ excluded, defect }) => excluded === null && defect === null);
  const server = await env.serverName();
  const serverId = surveyed.isKnown ? surveyed.source.serverId : null;
  const own = await refuseOwnServer({ ...env, server }, path, serverId, input.forceAsExternalRestore);
  const looked = await preflightOf({ ...env, server }, included, input);
  const { pauses, notes: pauseNotes } = await pausesOf(env, server, included, input.carbonio);
  const plan: HostPlan = {
    version: 1,
    startedAt: Date.now(),
    source: surveyed.isKnown ? surveyed.source : unread,
    isKnown: surveyed.isKnown,
    host: env.host,
    accounts: rows,
    batches: batchesOf(rows, input.carbonio),
    provisions: !(input.skipAccountProvisioning && input.skipDomainProvisioning),
    notes: [
      ...only,
      ...notes,
      ...own,
      ...looked,
      ...pauseNotes,
      ...(await afterwards(env, server, serverId, included)),
      ...rows.flatMap(({ id, excluded, defect }) =>
        excluded === null && defect !== null
          ? [`Nothing of the account ${id} can be restored: ${defect.reason}.`]
          : [],
      ),
    ].slice(0, 1000),
    quotas: await quotasOf(env, included),
    pauses,
  };
  writeHostPlan(dir, plan);
  return plan;
}

/** Of a store that we cannot read the host says which accounts there are. */
async function rowsOfHost(
  { cli, signal }: HostRestoreEnv,
  input: ExternalRestoreInput,
): Promise<SurveyRow[]> {
  const listed = await getAvailableAccounts(cli, {
    backupPath: resolve(input.sourcePath),
    hideDeleted: input.filterDeleted,
    hideSystemAccounts: input.skipSystemAccounts,
    ...(input.domains.length > 0 ? { domains: input.domains } : {}),
    signal,
  });
  const names = new Map(
    listed.flatMap((one) =>
      [one.id, one.name].flatMap((key) => (key === null ? [] : [[key.toLowerCase(), one] as const])),
    ),
  );
  const wanted = input.accounts.map((name) => name.toLowerCase());
  const missing = wanted.filter((name) => !names.has(name));
  if (missing.length > 0) {
    const what = `The mail host finds no account ${missing.slice(0, 20).join(', ')} in ${input.sourcePath}.`;
    throw new Problem('AccountNotFound', what, { accounts: missing.slice(0, 20) });
  }
  const chosen = wanted.length === 0 ? listed : wanted.flatMap((name) => names.get(name) ?? []);
  return chosen.map(({ id, name }) => ({
    id: id ?? name ?? '',
    name: name ?? id ?? '',
    ...{ excluded: null, defect: null, counters: null, status: null, quota: null },
  }));
}

/** Goes on where it was, until `until` (epoch milliseconds) or the end. */
export async function restoreOnHost(
  env: HostRestoreEnv,
  request: RestoreRequest,
  until: number,
): Promise<HostSlice> {
  const dir = hostRestoreDir(env.stateDir, request);
  const plan = knownHostPlan(dir);
  const steps = stepsOfPlan(dir, plan, request.input.provisioningOnly);
  for (const step of steps) {
    const asked = step.journal.read() ?? step.journal.write(askFor(plan, step, request.input));
    if (asked.result !== null) continue;
    renewList(step.journal, asked);
    const driven = await drive(driveOptions(env, request.input, step), until);
    if (driven.state === 'running') return sliceOf(plan, steps, step, driven);
    dropList(asked);
    // without its accounts nothing can be restored
    if (step.phase === 'provisioning' && driven.result.outcome !== 'successful') {
      const { outcome, why } = driven.result;
      const type = outcome === 'failed' ? 'HostOperationFailed' : 'NeedsOperator';
      throw new Problem(type, `The accounts were not made: ${why ?? outcome}.`, {
        output: driven.result.text,
      });
    }
    return sliceOf(plan, steps, step, null);
  }
  return sliceOf(plan, steps, null, null);
}

function sliceOf(
  plan: HostPlan,
  steps: readonly HostStep[],
  step: HostStep | null,
  running: { id: string; host: string; progress: ProgressBlock | null } | null,
): HostSlice {
  const { counters, accountsDone, ended } = tallyOf(plan, steps);
  const handled = counters.restored + counters.skipped + counters.unrestored;
  return {
    more: ended < steps.length,
    counters,
    handled: handled + itemsIn(running?.progress ?? null, itemsOf(plan, step)),
    accountsDone,
    provisioned: step === null || step.phase === 'items' || running === null,
    onHost: step === null || running === null ? null : describe(step, running),
  };
}

const describe = (
  step: HostStep,
  { id, host, progress }: { id: string; host: string; progress: ProgressBlock | null },
): string => shownOf(`${step.name}: ${host}, ${id}`, progress);

/** Ends what works on the host for this restore, and waits for that. Harmless when nothing does. */
export async function stopOnHost(env: HostRestoreEnv, request: RestoreRequest): Promise<void> {
  const dir = hostRestoreDir(env.stateDir, request);
  const plan = readHostPlan(dir);
  if (plan === null) return;
  for (const step of stepsOfPlan(dir, plan, request.input.provisioningOnly)) {
    if (step.journal.read() !== null) await stop(driveOptions(env, request.input, step));
  }
}

function driveOptions(
  env: HostRestoreEnv,
  { carbonio }: ExternalRestoreInput,
  { journal }: HostStep,
): DriveOptions {
  return {
    cli: env.cli,
    journal,
    signal: env.signal,
    pollMs: carbonio.pollSeconds * 1000,
    settleMs: carbonio.settleSeconds * 1000,
    graceMs: carbonio.graceSeconds * 1000,
    attempts: 5,
    onHost: (id) => env.onHost(id, journal.file),
  };
}

export const hostReportDir = (stateDir: string, request: RestoreRequest, plan: HostPlan): string =>
  reportDirOf(stateDir, request.operationId, plan);
