/** Phase 1 over the admin service: what is missing is created. */
import { Missing } from '../maildir/missing';
import type { ProvisionCounts, ProvisionPlan } from '../target';
import { AccountMaker } from './accounts';
import { attributesOf, createWith } from './attributes';
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
  const count = (kind: 'domains' | 'coses' | 'lists' | 'accounts' | 'aliases', added: boolean): void =>
    void counts[added ? kind : 'existing']++;
  const maker = new AccountMaker(client, options, note, count);
  const accounts = async (): Promise<void> => {
    const missing = new Missing('AccountMissing', 'account', client.place);
    let done = 0;
    for (const account of plan.accounts) {
      if (!(await maker.make(account))) missing.add(account.name);
      onProgress(++done);
    }
    missing.throwIfAny();
  };
  // what must be there is asked first: then nothing is made when it is not
  if (options.skipDomainProvisioning) await requireDomains(client, plan, () => counts.existing++);
  if (options.skipAccountProvisioning) await accounts();
  if (!options.skipDomainProvisioning) {
    for (const domain of plan.domains) {
      const what = { kind: 'Domain', member: 'domain', name: domain.name, note };
      const attributes = attributesOf(domain.attributes, 'domain');
      count('domains', (await createWith(client, what, { name: domain.name }, attributes)) !== null);
    }
  }
  if (!options.skipCoses) {
    for (const cos of plan.coses) {
      const what = { kind: 'Cos', member: 'cos', name: cos.name, note };
      const body = { name: { _content: cos.name } };
      count('coses', (await createWith(client, what, body, attributesOf(cos.attributes, 'cos'))) !== null);
    }
  }
  if (!options.skipDistributionLists) {
    for (const list of plan.lists) count('lists', await makeList(client, list, note));
  }
  if (!options.skipAccountProvisioning) await accounts();
  return counts;
}

async function requireDomains(client: CarbonioClient, plan: ProvisionPlan, found: () => void): Promise<void> {
  const missing = new Missing('DomainMissing', 'domain', client.place);
  for (const { name } of plan.domains) {
    if ((await lookUp(client, 'GetDomain', 'domain', name)) === null) missing.add(name);
    else found();
  }
  missing.throwIfAny();
}
