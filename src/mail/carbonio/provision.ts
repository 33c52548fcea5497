/** Phase 1 over the admin service: what is missing is created. */
import { Problem } from '../../failures';
import { Missing } from '../maildir/missing';
import { requireOne, TRIED } from '../remote/no-provision';
import type { ProvisionCounts, ProvisionPlan } from '../target';
import { AccountMaker } from './accounts';
import { attributesOf, createWith, type Attribute, type Thing } from './attributes';
import { isFault } from './fault';
import type { Members } from './json';
import { makeList } from './lists';
import { lookUp } from './look-in-directory';
import type { CarbonioClient } from './session';

const MOST_NOTES = 1_000;

/** Nothing that is there is changed, but accounts with `overwriteAccounts`. May be interrupted anywhere and run again. */
export async function provision(
  client: CarbonioClient,
  plan: ProvisionPlan,
  onProgress: (accounts: number) => void,
): Promise<ProvisionCounts> {
  const counts: ProvisionCounts = {
    ...{ domains: 0, coses: 0, lists: 0, accounts: 0, aliases: 0, existing: 0 },
    notes: [],
  };
  const note = (text: string): void => {
    if (counts.notes.length < MOST_NOTES) counts.notes.push(text);
  };
  const { options } = plan;
  type Counted = 'domains' | 'coses' | 'lists' | 'accounts' | 'aliases';
  // null: neither made nor there
  const count = (kind: Counted, added: boolean | null): void => {
    if (added !== null) counts[added ? kind : 'existing']++;
  };
  const maker = new AccountMaker(client, options, note, count);
  const accounts = async (): Promise<void> => {
    const missing = new Missing('AccountMissing', 'account', client.place);
    const first: string[] = [];
    const asked = (): Promise<void> => requireLogins(client, first, counts.notes);
    let done = 0;
    for (const account of plan.accounts) {
      if (!(await maker.make(account))) missing.add(account.name);
      if (done < TRIED) first.push(account.name);
      onProgress(++done);
      // not only at the end: making accounts for nothing would take hours
      if (done === TRIED && !options.skipAccountProvisioning) await asked();
    }
    missing.throwIfAny();
    if (done < TRIED || options.skipAccountProvisioning) await asked();
  };
  // what must be there is asked first: then nothing is made when it is not
  if (options.skipDomainProvisioning) await requireDomains(client, plan, () => counts.existing++);
  if (options.skipAccountProvisioning) await accounts();
  if (!options.skipDomainProvisioning) {
    for (const { name, attributes } of plan.domains) {
      const thing = { what: 'domain', kind: 'Domain', member: 'domain', name };
      count('domains', await created(client, thing, { name }, attributesOf(attributes, 'domain'), note));
    }
  }
  if (!options.skipCoses) {
    for (const { name, attributes } of plan.coses) {
      const thing = { what: 'class of service', kind: 'Cos', member: 'cos', name };
      const body = { name: { _content: name } };
      count('coses', await created(client, thing, body, attributesOf(attributes, 'cos'), note));
    }
  }
  if (!options.skipDistributionLists) {
    for (const list of plan.lists) count('lists', await makeList(client, list, note));
  }
  if (!options.skipAccountProvisioning) await accounts();
  return counts;
}

/**
 * An administrator who may log in for nobody is told at once, and not once for every account.
 * @throws Problem when none of these accounts can be used, with why the first was not made
 */
async function requireLogins(
  client: CarbonioClient,
  addresses: readonly string[],
  notes: readonly string[],
): Promise<void> {
  try {
    await requireOne(addresses, (address) => client.account(address).open());
  } catch (error) {
    if (!(error instanceof Problem) || error.type === 'TargetUnavailable') throw error;
    const why = notes.find((text) => text.startsWith(`The account ${addresses[0]} is not made: `));
    throw why === undefined
      ? error
      : new Problem(error.type, `${error.message} ${why}`, error.details, { cause: error });
  }
}

/** One that the server refuses takes no other with it: it is noted, and so are its accounts, by themselves. */
async function created(
  client: CarbonioClient,
  { what, ...thing }: Omit<Thing, 'note'> & { readonly what: string },
  body: Members,
  attributes: readonly Attribute[],
  note: (text: string) => void,
): Promise<boolean | null> {
  try {
    return (await createWith(client, { ...thing, note }, body, attributes)) !== null;
  } catch (error) {
    if (!isFault(error)) throw error;
    note(`The ${what} ${thing.name} is left out: ${error.words}.`);
    return null;
  }
}

async function requireDomains(client: CarbonioClient, plan: ProvisionPlan, found: () => void): Promise<void> {
  const missing = new Missing('DomainMissing', 'domain', client.place);
  for (const { name } of plan.domains) {
    if ((await lookUp(client, 'GetDomain', 'domain', name)) === null) missing.add(name);
    else found();
  }
  missing.throwIfAny();
}
