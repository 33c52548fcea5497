/** The report of a restore by the mail host: the same as that of the direct engine, as far as the host tells. */
import { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import {
  ITEM_CLASSES,
  PROVISION_RULES,
  zeroCounters,
  type AccountReport,
  type Finding,
  type ItemClass,
  type Note,
  type RestoreReport,
} from '../report/model';
import type { Ending } from '../restore/report-of';
import type { RestoreRequest } from '../restore/request';
import { lostWithAccount, restoredBytes } from './account-facts';
import { classOf, classOfBlob, unclassed } from './class-of';
import type { HostPlan } from './plan';
import type { BatchEnd, Tally } from './tally';

/** Paths of blobs that the mail host has told, by account and item: only for a store that we cannot read. */
export type ForeignBlobs = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

type PlannedAccount = HostPlan['accounts'][number];

export async function reportOfHost(
  plan: HostPlan,
  tally: Tally,
  request: RestoreRequest,
  ending: Ending,
  foreign: ForeignBlobs,
  moreNotes: readonly string[],
): Promise<RestoreReport> {
  const { input, operationId } = request;
  const source = openSource(plan);
  const listed = listedItems(tally);
  const accounts: AccountReport[] = [];
  const notes = [...plan.notes, ...moreNotes];
  const inBatch = new Map(
    tally.batches.flatMap((batch) => batch.step.accounts.map((at) => [at, batch] as const)),
  );
  for (const [at, account] of plan.accounts.entries()) {
    const items = listed.get(account.name.toLowerCase()) ?? listed.get(account.id.toLowerCase()) ?? [];
    listed.delete(account.name.toLowerCase());
    listed.delete(account.id.toLowerCase());
    accounts.push(await accountReport(account, inBatch.get(at), items, source, foreign));
  }
  for (const [name, items] of listed) {
    notes.push(
      `The mail host lists ${items.length} unrestored items of ${name}, which is not in the source.`,
    );
  }
  const totals = { ...tally.counters };
  // those of accounts that were not given to the host
  for (const account of accounts.filter((_, at) => plan.accounts[at]?.defect?.kind !== undefined)) {
    totals.unrestored += account.counters.unrestored;
  }
  totals.bytes = accounts.reduce((sum, { counters }) => sum + counters.bytes, 0);
  if (!plan.isKnown) totals.source = totals.restored + totals.skipped + totals.unrestored;
  notes.push(...hostNotes(plan, tally, totals, ending.status === 'completed'));
  const isProved = tally.problems.length === 0;
  const hasLost =
    totals.unrestored > 0 ||
    plan.accounts.some(({ defect, excluded }) => defect !== null && excluded === null);
  const done = hasLost ? 'partial' : 'completed';
  const failure = ending.failure ?? (isProved ? undefined : whatIsUnproved(tally));
  return {
    head: {
      version: 1,
      operationId,
      operation: 'External Restore',
      status: ending.status !== 'completed' ? ending.status : isProved ? done : 'failed',
      ...(failure === undefined ? {} : { failure }),
      engine: { name: 'carbonio', reason: ending.engineReason },
      source: plan.source,
      target: { url: `carbonio:${plan.host}`, description: `the mail host ${plan.host}` },
      options: {
        filterDeleted: input.filterDeleted,
        maxFileSize: input.maxFileSize,
        onInvalid: input.onInvalid,
        provisioning: Object.fromEntries(PROVISION_RULES.map((rule) => [rule, input[rule]])),
      },
      startedAt: new Date(plan.startedAt).toISOString(),
      endedAt: new Date(ending.endedAt).toISOString(),
      phases: ending.phases,
      provisioned: null,
      totals,
      unrestoredByClass: byClass(accounts),
      notes,
      notifications: ending.notifications,
      progress: [],
    },
    accounts,
  };
}

export const whatIsUnproved = ({ problems }: Pick<Tally, 'problems'>): string =>
  `Not proved to be done: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? '; …' : ''}.`;

/** Null when it cannot be read just now, or is in no dialect that we know. */
function openSource(plan: HostPlan): BackupPath | null {
  if (!plan.isKnown) return null;
  try {
    return BackupPath.open(plan.source.path);
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

function listedItems({ batches }: Tally): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { account, ids } of batches.flatMap(({ end }) => end?.accounts ?? [])) {
    const name = account.toLowerCase();
    found.set(name, [...(found.get(name) ?? []), ...ids]);
  }
  return found;
}

async function accountReport(
  account: PlannedAccount,
  batch: BatchEnd | undefined,
  items: readonly string[],
  source: BackupPath | null,
  foreign: ForeignBlobs,
): Promise<AccountReport> {
  const { id, name, excluded, defect } = account;
  const counters = { ...zeroCounters(), ...account.counters, bytes: 0 };
  const notes: Note[] = [];
  let findings: Finding[] = [];
  if (defect !== null && excluded === null)
    findings = source === null ? [] : lostWithAccount(source, account);
  else findings = await classAll(source, id, name, items, foreign);
  counters.unrestored = findings.length;
  if (batch?.end && account.counters !== null) {
    const there = Math.max(0, counters.source - counters.filtered - counters.unrestored);
    if (batch.end.restored === 0) counters.skipped = there;
    else counters.restored = there;
    if (batch.end.skipped === 0) counters.bytes = restoredBytes(source, account, findings);
    if (batch.end.restored > 0 && batch.end.skipped > 0) {
      const text = `of its ${there} items some were there before: the mail host tells only the sum of its batch`;
      notes.push({ item: 0, text });
    }
  }
  return { id, name, ...(excluded === null ? {} : { excluded }), counters, findings, notes };
}

async function classAll(
  source: BackupPath | null,
  id: string,
  name: string,
  items: readonly string[],
  foreign: ForeignBlobs,
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const text of items) {
    const item = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (source !== null) found.push(await classOf(source, id, item));
    else {
      const paths = foreign[name] ?? {};
      const root = foreign['']?.['root'];
      found.push(
        root && Object.hasOwn(paths, text)
          ? await classOfBlob(root, item, paths[text] ?? null)
          : unclassed(item, `item ${text} of a store that cannot be read here`),
      );
    }
  }
  return found.sort((a, b) => (a.item % 100) - (b.item % 100) || a.item - b.item);
}

function byClass(accounts: readonly AccountReport[]): Record<ItemClass, number> {
  const counts = Object.fromEntries(ITEM_CLASSES.map((name) => [name, 0])) as Record<ItemClass, number>;
  for (const { findings } of accounts) for (const finding of findings) counts[finding.class]++;
  return counts;
}

function hostNotes(
  plan: HostPlan,
  tally: Tally,
  totals: RestoreReport['head']['totals'],
  isEnd: boolean,
): string[] {
  const notes: string[] = [];
  for (const { step, end, lost } of tally.batches) {
    if (end && !end.complete) {
      notes.push(
        `${step.name}: the mail host counts ${end.unrestored} unrestored items and lists ${end.idsFound}.`,
      );
    }
    if (lost > 0) {
      notes.push(
        `${step.name} was lost ${lost} times on the mail host and run again: what was restored before counts as skipped.`,
      );
    }
  }
  const handled = totals.restored + totals.skipped + totals.filtered + totals.unrestored;
  if (isEnd && plan.isKnown && tally.batches.length > 0 && handled !== totals.source) {
    notes.push(
      `The source has ${totals.source} items; the mail host and the filters account for ${handled}.`,
    );
  }
  return notes;
}
