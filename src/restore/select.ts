/** Which accounts are restored, in which order, and why the others are not. */
import { Defect } from '../backup-path/defect';
import type { Evidence } from '../backup-path/evidence';
import type { AccountInfo } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import type { ExternalRestoreInput } from '../contracts/external-restore';
import { Problem } from '../failures';
import type { SourceGuard } from './source-guard';

export interface Selected {
  readonly id: string;
  readonly name: string;
  readonly excluded: string | null;
  readonly defect: {
    readonly kind: 'read' | 'broken';
    readonly reason: string;
    readonly evidence?: Evidence;
  } | null;
}

type Rules = Pick<ExternalRestoreInput, 'accounts' | 'domains' | 'filterDeleted' | 'skipSystemAccounts'>;

/**
 * Every account of the store: first those to restore, in the order asked for, then those left out.
 * @param date epoch milliseconds: as they were then; null: now
 * @throws Problem `AccountNotFound` when one that was asked for is not in the store
 */
export function selectAccounts(
  store: BackupPath,
  rules: Rules,
  guard: Pick<SourceGuard, 'ok' | 'failed'>,
  date: number | null = null,
): Selected[] {
  const infos = accountIds(store).map((id) => guarded(store, id, guard));
  const wanted = new Map(rules.accounts.map((name, index) => [name.toLowerCase(), index]));
  const domains = new Set(rules.domains.map((domain) => domain.toLowerCase()));
  requireAll(store, rules, infos);
  const rank = (entry: Selected): number =>
    wanted.get(entry.id.toLowerCase()) ?? wanted.get(entry.name.toLowerCase()) ?? wanted.size;
  const selected = infos.map(({ info, defect, id }): Selected => {
    const entry = { id, name: info?.name ?? id, defect };
    return {
      ...entry,
      excluded: exclusion(rules, wanted, domains, { ...entry, excluded: null }, info, date),
    };
  });
  const included = selected.filter((entry) => entry.excluded === null);
  const deleted = new Set(infos.filter(({ info }) => info?.status === 'deleted').map(({ id }) => id));
  // a stable sort: accounts of one rank stay in the order of the store, but one that lives comes before a deleted one
  // of its name, so that the password and the attributes are those of the living
  included.sort((a, b) => rank(a) - rank(b) || Number(deleted.has(a.id)) - Number(deleted.has(b.id)));
  return [...included, ...selected.filter((entry) => entry.excluded !== null)];
}

function accountIds(store: BackupPath): string[] {
  try {
    return store.accountIds().ids;
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    store.assertThere();
    const type = error.kind === 'broken' || error.code === 'ENOENT' ? 'NotABackupPath' : 'SourceNotReadable';
    throw new Problem(
      type,
      `The accounts of ${store.root} cannot be listed: ${error.message}.`,
      {},
      { cause: error },
    );
  }
}

/** @throws Problem `SourceUnavailable` when so many accounts cannot be read that it is rather the source */
function guarded(store: BackupPath, id: string, guard: Pick<SourceGuard, 'ok' | 'failed'>): Read {
  const read = readInfo(store, id);
  if (read.defect?.kind === 'read') guard.failed(new Defect('read', read.defect.reason, id), 'metadata');
  else guard.ok('metadata');
  return read;
}

/** The little of an account_info that choosing needs: a site may have a hundred thousand of them. */
interface Read {
  readonly id: string;
  readonly info: Pick<
    AccountInfo,
    'name' | 'status' | 'system' | 'backupEnabled' | 'createdAt' | 'deletedAt'
  > | null;
  readonly defect: Selected['defect'];
}

function readInfo(store: BackupPath, id: string): Read {
  try {
    const { name, status, system, backupEnabled, createdAt, deletedAt } = store.accountInfo(id);
    const unsafe = unsafeName(name);
    if (unsafe === null)
      return { id, info: { name, status, system, backupEnabled, createdAt, deletedAt }, defect: null };
    return { id, info: null, defect: { kind: 'broken', reason: `the account's name ${unsafe}` } };
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    const evidence = store.evidenceOf(error);
    return { id, info: null, defect: { kind: error.kind, reason: error.message, evidence } };
  }
}

/** The account's address, or why it cannot be used. */
export function readName(store: BackupPath, id: string): { name: string; defect: Selected['defect'] } {
  const { info, defect } = readInfo(store, id);
  return { name: info?.name ?? id, defect };
}

/** A name becomes a path or a command later: what is no plain address is not used at all. */
export function unsafeName(name: string): string | null {
  const at = name.lastIndexOf('@');
  const shown = JSON.stringify(name.slice(0, 80));
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (at < 1 || at === name.length - 1 || /[\s/\\:\x00-\x1f\x7f]/.test(name))
    return `${shown} is no mail address`;
  if (
    name.startsWith('.') ||
    !/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name.slice(at + 1)) ||
    name.includes('..')
  ) {
    return `${shown} is no mail address`;
  }
  return name.length > 320 ? `${shown} is too long` : null;
}

function exclusion(
  rules: Rules,
  wanted: ReadonlyMap<string, number>,
  domains: ReadonlySet<string>,
  entry: Selected,
  info: Read['info'],
  date: number | null,
): string | null {
  const named = wanted.has(entry.id.toLowerCase()) || wanted.has(entry.name.toLowerCase());
  if (wanted.size > 0 && !named) return 'not among the accounts asked for';
  // of an account without a usable account_info nothing more is known
  if (info === null) return domains.size > 0 && !named ? 'its domain is not known' : null;
  if (domains.size > 0 && !domains.has(domainOf(info.name))) return 'not in the domains asked for';
  if (date !== null && info.createdAt !== null && info.createdAt > date) return 'not there at that time';
  const deleted =
    info.status === 'deleted' && (date === null || info.deletedAt === null || info.deletedAt <= date);
  if (rules.filterDeleted && deleted)
    return info.backupEnabled ? 'a deleted account' : 'its backup was off, so it counts as deleted';
  if (rules.skipSystemAccounts && info.system && !named) return 'a system account';
  return null;
}

function requireAll(store: BackupPath, rules: Rules, infos: readonly Read[]): void {
  const present = new Set(
    infos.flatMap(({ id, info }) => [id.toLowerCase(), ...(info ? [info.name.toLowerCase()] : [])]),
  );
  const missing = rules.accounts.filter((name) => !present.has(name.toLowerCase()));
  const domainsPresent = new Set(infos.flatMap(({ info }) => (info ? [domainOf(info.name)] : [])));
  const noDomain = rules.domains.filter((domain) => !domainsPresent.has(domain.toLowerCase()));
  if (missing.length === 0 && noDomain.length === 0) return;
  const list = (names: readonly string[]): string =>
    names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '');
  const parts = [
    ...(missing.length > 0 ? [`no account ${list(missing)}`] : []),
    ...(noDomain.length > 0 ? [`no account of the domain ${list(noDomain)}`] : []),
  ];
  throw new Problem('AccountNotFound', `The Backup Path ${store.root} has ${parts.join(' and ')}.`, {
    accounts: missing.slice(0, 20),
    domains: noDomain.slice(0, 20),
  });
}

export const domainOf = (name: string): string => name.slice(name.lastIndexOf('@') + 1).toLowerCase();
