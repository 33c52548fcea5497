/** The plan of a restore by the mail host, on disk: accounts, batches, what was said before the start. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Evidence } from '../backup-path/evidence';
import { pause } from '../contracts/engine';
import type { ExternalRestoreInput } from '../contracts/external-restore';
import { Problem } from '../failures';
import { writeDurably } from '../host/durable-file';
import { operationDir } from '../host/operation-dir';
import { safeName } from '../host/safe-name';
import { ITEM_CLASSES, zeroCounters, type Counters } from '../report/model';
import type { RestoreRequest } from '../restore/request';
import { StepJournal, type Step } from './journal';

const counters = z.object(
  Object.fromEntries(Object.keys(zeroCounters()).map((name) => [name, z.number()])) as Record<
    keyof Counters,
    z.ZodNumber
  >,
);
const account = z.object({
  id: z.string(),
  name: z.string(),
  excluded: z.string().nullable(),
  defect: z
    .object({
      kind: z.enum(ITEM_CLASSES).extract(['read', 'broken']),
      reason: z.string(),
      evidence: z.custom<Evidence>((value) => typeof value === 'object').optional(),
    })
    .nullable(),
  counters: counters.nullable(),
  status: z.string().nullable(),
  quota: z.string().nullable(),
});
const plan = z.object({
  version: z.literal(1),
  startedAt: z.number(),
  source: z.object({ path: z.string(), serverName: z.string(), serverId: z.string(), dialect: z.string() }),
  /** Whether its metadata can be read by us. */
  isKnown: z.boolean(),
  host: z.string(),
  accounts: z.array(account),
  /** Positions of accounts. */
  batches: z.array(z.array(z.number())),
  provisions: z.boolean(),
  notes: z.array(z.string()),
  /** By address, as they were before; bytes. */
  quotas: z.record(z.string(), z.string()),
  /** Settings of the host that are otherwise meanwhile. */
  pauses: z.array(pause).default([]),
});
export type HostPlan = z.output<typeof plan>;

export const hostRestoreDir = (
  stateDir: string,
  name: Pick<RestoreRequest, 'operationId' | 'operationKey'>,
): string => operationDir(stateDir, 'carbonio', name);

/** Null before it was made. @throws Problem `StateUnavailable` */
export function readHostPlan(dir: string): HostPlan | null {
  const file = join(dir, 'plan.json');
  try {
    return plan.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new Problem(
      'StateUnavailable',
      `${file} cannot be read (${code ?? 'it is damaged'}).`,
      {},
      { cause: error },
    );
  }
}

/** @throws Problem `StateUnavailable` also when there is none */
export function knownHostPlan(dir: string): HostPlan {
  const found = readHostPlan(dir);
  if (found !== null) return found;
  throw new Problem(
    'StateUnavailable',
    `There is no plan of this restore in ${dir}: workers of one task queue must share their state folder.`,
  );
}

export const writeHostPlan = (dir: string, next: HostPlan): void =>
  writeDurably(join(dir, 'plan.json'), JSON.stringify(next));

export const reportDirOf = (
  stateDir: string,
  operationId: string,
  { startedAt }: Pick<HostPlan, 'startedAt'>,
): string => join(stateDir, 'reports', `${safeName(operationId)}-${startedAt}`);

export interface HostStep {
  readonly name: string;
  readonly phase: 'provisioning' | 'items';
  /** Positions of its accounts; null: all of the plan that are to be restored. */
  readonly accounts: readonly number[];
  readonly journal: StepJournal;
}

/** In order: first the accounts, so that people can log in, then their items. */
export function stepsOfPlan(
  dir: string,
  { batches, provisions }: HostPlan,
  provisioningOnly: boolean,
): HostStep[] {
  const step = (name: string, phase: HostStep['phase'], accounts: readonly number[]): HostStep => ({
    ...{ name, phase, accounts },
    journal: new StepJournal(join(dir, `${name}.json`)),
  });
  const items = batches.map((accounts, at) =>
    step(`batch-${String(at).padStart(6, '0')}`, 'items', accounts),
  );
  return [
    ...(provisions ? [step('provisioning', 'provisioning', batches.flat())] : []),
    ...(provisioningOnly ? [] : items),
  ];
}

/** Whether the mail host has made the accounts of a restore; false also for one that was not to do so. */
export function isProvisioned(
  stateDir: string,
  name: Pick<RestoreRequest, 'operationId' | 'operationKey'>,
): boolean {
  const dir = hostRestoreDir(stateDir, name);
  const found = readHostPlan(dir);
  if (found === null) return false;
  const made = stepsOfPlan(dir, found, true).find(({ phase }) => phase === 'provisioning');
  return made?.journal.read()?.result?.outcome === 'successful';
}

/** Longer lists go into a file: one argument holds 128 KiB. Characters. */
const LIST_LIMIT = 60_000;

/** What the host is told for a step. The file of a long list is written. */
export function askFor(
  found: Pick<HostPlan, 'accounts' | 'source'>,
  { phase, accounts }: Pick<HostStep, 'phase' | 'accounts'>,
  input: ExternalRestoreInput,
  listLimit = LIST_LIMIT,
): Step {
  const ids = accounts.map((at) => found.accounts[at]?.id ?? '');
  const path = resolve(found.source.path);
  return {
    command: 'doExternalRestore',
    values: {
      source_path: path,
      ...(ids.join(',').length > listLimit ? { input_file: listFile(ids) } : { accounts: ids }),
      filter_deleted: input.filterDeleted,
      skip_system_accounts: input.skipSystemAccounts,
      skip_aliases: input.skipAliases,
      skip_distribution_lists: input.skipDistributionLists,
      skip_coses: input.skipCoses,
      // once they are there they are not set again: each import resets passwords and preferences
      skip_account_provisioning: phase === 'items' || input.skipAccountProvisioning,
      skip_domain_provisioning: phase === 'items' || input.skipDomainProvisioning,
      provisioning_only: phase === 'provisioning',
      ...(input.notifications.length > 0 ? { notifications: input.notifications } : {}),
      concurrent_accounts: input.concurrentAccounts,
      ...(input.maxFileSize === null ? {} : { max_file_size: input.maxFileSize }),
      restore_datasource: input.restoreDatasource,
      ...(input.forceAsExternalRestore ? { force_as_external_restore: true } : {}),
    },
    subjects: [path, ...ids],
    attempts: [],
    result: null,
  };
}

/** Ids, not addresses: the user of the mail server must be able to read it, so everybody can. */
function listFile(ids: readonly string[]): string {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'lifeboat-accounts-'));
    chmodSync(folder, 0o755);
    const file = join(folder, 'accounts.txt');
    writeFileSync(file, ids.map((id) => `${id}\n`).join(''), { mode: 0o644 });
    return file;
  } catch (error) {
    const why = (error as Error).message;
    throw new Problem(
      'StateUnavailable',
      `The list of accounts cannot be written: ${why}.`,
      {},
      { cause: error },
    );
  }
}

/** A list that is gone (the machine was started anew) is written again, before it is asked for again. */
export function renewList(journal: StepJournal, asked: Step): Step {
  const { input_file: file } = asked.values;
  if (typeof file !== 'string' || existsSync(file)) return asked;
  const values = { ...asked.values, input_file: listFile(asked.subjects.slice(1)) };
  return journal.write({ ...asked, values });
}

/** When the step has ended. */
export function dropList({ values }: Pick<Step, 'values'>): void {
  const { input_file: file } = values;
  if (typeof file === 'string') rmSync(dirname(file), { recursive: true, force: true });
}
