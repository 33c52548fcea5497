/** Step 2 (PHASE 1): domains, classes of service, lists and accounts, so that people can log in and get mail. */
import { Defect } from '../backup-path/defect';
import type { AccountInfo, ServerConfig } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import type { OperationLedger } from '../ledger/operation-ledger';
import type { ProvisionAccount, ProvisionCounts } from '../mail/target';
import { rememberMade } from './recovery';
import { domainOf } from './select';
import type { Session } from './session';

const MAX_NOTES = 1_000;

export async function provision(
  session: Session,
  onProgress: (accounts: number) => void,
): Promise<ProvisionCounts> {
  const { store, target, operation } = session;
  const { input } = session.request;
  const notes: string[] = [];
  const config = readConfig(store, notes);
  const names = new Map(config?.coses.map(({ id, name }) => [id, name]));
  const wanted = { domains: new Set<string>(), coses: new Set<string>() };
  const accounts = () => asNamed(session, includedAccounts(store, operation));
  for (const info of accounts()) {
    wanted.domains.add(domainOf(info.name));
    if (info.cos !== null) wanted.coses.add(info.cos);
    if (!info.backupEnabled && notes.length < MAX_NOTES)
      notes.push(`${info.name}: its backup was off on the old server; what is restored is as old as that.`);
  }
  const known = new Map(config?.domains.map((domain) => [domain.name.toLowerCase(), domain]));
  const counts = await target.provision(
    {
      domains: [...wanted.domains].map((name) => ({ name, attributes: known.get(name)?.attributes ?? {} })),
      coses: config?.coses.filter(({ id }) => wanted.coses.has(id)) ?? [],
      lists: config?.distributionLists.filter(({ name }) => wanted.domains.has(domainOf(name))) ?? [],
      accounts: provisionAccounts(accounts(), names),
      options: input,
    },
    onProgress,
  );
  if (counts.accounts > 0) rememberMade(session);
  counts.notes.unshift(...notes);
  counts.notes.splice(MAX_NOTES);
  if (!operation.row().provisioned) operation.update({ provisioned: counts });
  return { ...counts, notes: [] };
}

function readConfig(store: BackupPath, notes: string[]): ServerConfig | null {
  try {
    const config = store.serverConfig();
    if (config === null)
      notes.push('The Backup Path has no server configuration: domains are taken from the accounts.');
    return config;
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    notes.push(
      `The server configuration cannot be used (${error.message}): domains are taken from the accounts.`,
    );
    return null;
  }
}

/** Under the address that it gets in the target, a deleted account lives again; without its account_info it is a bare one. */
function* asNamed(
  { view: { as, account, date } }: Session,
  accounts: Iterable<AccountInfo>,
): Generator<AccountInfo> {
  let bare = as !== null && account !== null;
  for (const info of accounts) {
    bare = false;
    // one that was deleted after the moment was alive then
    const alive = as !== null || (date !== null && info.status === 'deleted');
    const status = alive && info.status === 'deleted' ? 'active' : info.status;
    yield { ...info, status, ...(as === null ? {} : { name: as }) };
  }
  if (bare && as !== null && account !== null) yield bareAccount(account, as);
}

const bareAccount = (id: string, name: string): AccountInfo => ({
  ...{ id, name, status: 'active', system: false, cos: null, aliases: [], displayName: null },
  ...{ passwordHash: null, attributes: {}, signatures: [], dataSources: [], shares: [] },
  ...{ backupEnabled: true, createdAt: null, deletedAt: null },
});

/** The accounts to restore whose account_info can be used. */
export function* includedAccounts(store: BackupPath, operation: OperationLedger): Generator<AccountInfo> {
  for (const [, row] of operation.allWork()) {
    if (row.excluded !== null || row.defect !== null) continue;
    try {
      yield store.accountInfo(row.id);
    } catch (error) {
      // readable when the work list was made: either the source went away, or its items alone can be restored
      if (!(error instanceof Defect)) throw error;
      store.assertThere();
    }
  }
}

function toProvision(info: AccountInfo, coses: ReadonlyMap<string, string>): ProvisionAccount {
  const { id, name, displayName, status, aliases, passwordHash, attributes, signatures } = info;
  const cos = info.cos === null ? null : (coses.get(info.cos) ?? info.cos);
  return { id, name, displayName, status, aliases, passwordHash, attributes, signatures, cos };
}

/** Of accounts that share an address the first one: the work list has the living before the deleted. */
function* provisionAccounts(
  accounts: Iterable<AccountInfo>,
  coses: ReadonlyMap<string, string>,
): Generator<ProvisionAccount> {
  const seen = new Set<string>();
  for (const info of accounts) {
    const address = info.name.toLowerCase();
    if (!seen.has(address)) yield toProvision(info, coses);
    seen.add(address);
  }
}
