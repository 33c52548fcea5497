/** Step 1: preflight, and the work list. */
import { START } from '../backup-path/walk';
import type { WorkRow } from '../ledger/model';
import { zeroCounters } from '../report/model';
import { countChosen } from './chosen';
import { requireSpace, sourceWarnings } from './preflight';
import { claimNewAccount, requireItems, selectOne } from './recovery';
import { readName, selectAccounts, type Selected } from './select';
import { believedFailures, noteTrouble } from './slice';
import { SourceGuard } from './source-guard';
import type { Session } from './session';

export interface PlanResult {
  /** Accounts in the work list, those left out included when their items are counted. */
  readonly accounts: number;
  /** Metadata files in the work list. */
  readonly files: number;
  readonly reportDir: string;
  readonly target: string;
  readonly engineReason: string;
  /** Of the ledger that holds the plan: no other may go on with it. */
  readonly ledgerId: string;
}

/** A lane of its own, for what the plan must remember of trouble with the source. */
const PLAN_LANE = 0xffff_ffff;
const MAX_NOTES = 100;

export async function planRestore(
  session: Session,
  onProgress: (accounts: number) => void,
): Promise<PlanResult> {
  const { store, target, ledger, operation, request } = session;
  const { input } = request;
  if (!operation.row().planned) {
    const { scope } = operation.row();
    requireItems(store, session.view);
    await claimNewAccount(session);
    const everything = select(session);
    const counted = input.countExcluded && session.chosen === null;
    const selected = everything.filter((entry) => entry.excluded === null || counted);
    const work = workList(session, scope, selected, onProgress);
    store.assertThere();
    const notes = [...sourceWarnings(store), ...accountNotes(work)];
    notes.push(...viewNotes(session));
    if (session.view.account === null) {
      if (session.chosen !== null) notes.push('Only chosen items are restored and counted.');
      else if (!input.countExcluded)
        notes.push('Items of accounts that were left out are not counted (countExcluded is false).');
    }
    if (!input.provisioningOnly) notes.push(...(await requireSpace(session, work)));
    operation.plan(work, notes);
  }
  const row = operation.row();
  return {
    accounts: row.accounts,
    files: row.files,
    reportDir: session.reportDir,
    target: target.description,
    engineReason: `the dialect ${store.dialect.name} is known`,
    ledgerId: ledger.id,
  };
}

function select({ store, operation, request, chosen, view }: Session): Selected[] {
  if (view.account !== null) return [selectOne(store, view.account, view.as)];
  const believed = believedFailures(operation, PLAN_LANE, request.input.advanced.patienceSeconds);
  try {
    const { input } = request;
    const rules = chosen === null ? input : { ...input, accounts: [...chosen.keys()], domains: [] };
    return selectAccounts(store, rules, new SourceGuard(store, believed), view.date);
  } catch (error) {
    noteTrouble(operation, PLAN_LANE, error);
    throw error;
  }
}

/** What of the source is restored, when it is not simply all of it. */
function viewNotes({ store, view }: Session): string[] {
  const { date, account, as, deleted, items, folder, tag } = view;
  const notes = [];
  if (date !== null)
    notes.push(
      `Items and folders as they were at ${iso(date)}; the data of accounts has no history and is of now.`,
    );
  if (account !== null && as !== null)
    notes.push(`The account ${readName(store, account).name} (${account}) is restored as ${as}.`);
  if (deleted !== null)
    notes.push(`Only what was deleted between ${iso(deleted.from)} and ${iso(deleted.to)}.`);
  if (items !== null) notes.push(`Only ${items.length} chosen items.`);
  if (folder !== null) notes.push(`Everything is in the folder "${folder}".`);
  if (tag !== null) notes.push(`Everything has the tag "${tag}".`);
  return notes;
}

/** The ends of time are no dates. */
const iso = (at: number): string =>
  at === 0 ? 'the beginning' : at > 8.64e15 ? 'now' : new Date(at).toISOString();

/** Accounts of which nothing can be restored, or which share one address: said even when they have no items. */
function accountNotes(work: readonly WorkRow[]): string[] {
  const notes: string[] = [];
  const seen = new Map<string, string>();
  for (const { id, name, excluded, defect } of work) {
    if (excluded !== null) continue;
    if (defect !== null) notes.push(`Nothing of the account ${id} can be restored: ${defect.reason}.`);
    const other = seen.get(name.toLowerCase());
    if (other !== undefined)
      notes.push(`The accounts ${other} and ${id} share the address ${name} and so one mailbox.`);
    seen.set(name.toLowerCase(), id);
  }
  const more = notes.length - MAX_NOTES;
  return more > 0 ? [...notes.slice(0, MAX_NOTES), `… and ${more} more accounts like these.`] : notes;
}

function workList(
  { store, ledger, chosen, view }: Session,
  scope: number,
  selected: readonly Selected[],
  onProgress: (accounts: number) => void,
): WorkRow[] {
  const numbers = ledger.accounts(
    scope,
    selected.map(({ id }) => (view.memory === null ? id : `${id} ${view.memory}`)),
  );
  return selected.map((entry, index) => {
    if (index % 100 === 0) onProgress(index);
    return {
      ...entry,
      account: numbers[index] as number,
      files: countChosen(store, chosen, entry.id),
      cursor: START,
      counters: zeroCounters(),
      done: false,
    };
  });
}
