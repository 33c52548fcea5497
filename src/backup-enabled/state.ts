/** Reading and changing whether the mail host backs up a class of service or an account. At once: nothing is queued. */
import type { CallOptions, CarbonioCli } from '../carbonio/cli';
import { getAccount, getAllDomains, getCos } from '../carbonio/cli/prov';
import { getConfig, setConfig, unsetConfig } from '../carbonio/cli/settings';
import { unknownOutput } from '../carbonio/parse/excerpt';
import { booleanOf } from '../carbonio/parse/tree';
import type { BackupScope, BackupState, Retention } from '../contracts/backup-enabled';
import { Problem } from '../failures';

export const ATTRIBUTE = 'backupEnabled';
/** The class of an account that has none, in a domain that names none. */
const DEFAULT_COS = 'default';

/** The own value (null: not set), and the one in force. @throws Problem `UnknownOutput` when it is not told whose it is */
export async function readOwn(
  cli: CarbonioCli,
  scope: BackupScope,
  name: string,
  options: CallOptions = {},
): Promise<{ own: boolean | null; effective: boolean }> {
  const { value, inherited } = await getConfig(cli, { scope, name }, ATTRIBUTE, options);
  const effective = booleanOf(value);
  if (effective === undefined || inherited === null)
    throw unknownOutput(`Whether the backup of ${name} is on, and by whose value`, value);
  return { own: inherited ? null : effective, effective };
}

/** @throws Problem `CommandFailed` for one that there is not, `UnknownOutput` */
export async function readBackupState(
  cli: CarbonioCli,
  scope: BackupScope,
  name: string,
  options: CallOptions = {},
): Promise<BackupState> {
  const { own, effective } = await readOwn(cli, scope, name, options);
  if (scope === 'cos')
    return {
      scope,
      name,
      own,
      effective,
      origin: own === null ? 'default' : 'cos',
      cos: null,
      inherited: true,
    };
  const cos = await cosOf(cli, name, options);
  const ofCos = await readOwn(cli, 'cos', cos, options);
  const inheritedFrom = ofCos.own === null ? 'default' : 'cos';
  return {
    ...{ scope, name, own, effective, cos, inherited: ofCos.effective },
    origin: own === null ? inheritedFrom : 'account',
  };
}

/** The name of the class: that of the account, else that of its domain, else the default one. */
async function cosOf(cli: CarbonioCli, account: string, options: CallOptions): Promise<string> {
  // the id beside it, so that the answer is never empty
  const found = await getAccount(cli, account, ['zimbraId', 'zimbraCOSId'], options);
  const id = text(found.attributes['zimbraCOSId']) ?? (await cosOfDomain(cli, account, options));
  if (id === null) return DEFAULT_COS;
  return (await getCos(cli, id, options)).name ?? id;
}

async function cosOfDomain(cli: CarbonioCli, account: string, options: CallOptions): Promise<string | null> {
  const domain = account.slice(account.lastIndexOf('@') + 1).toLowerCase();
  const found = (await getAllDomains(cli, options)).find(({ name }) => name?.toLowerCase() === domain);
  return text(found?.attributes['zimbraDomainDefaultCOSId']) ?? null;
}

const text = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export async function readRetention(cli: CarbonioCli, options: CallOptions = {}): Promise<Retention> {
  const days = async (attribute: string): Promise<number> => {
    const { value } = await getConfig(cli, { scope: 'global' }, attribute, options);
    if (!/^\d{1,6}$/.test(value)) throw unknownOutput(`The retention ${attribute}`, value);
    return Number(value);
  };
  return {
    items: await days('ZxBackup_DataRetentionDays'),
    accounts: await days('backupAccountsRetentionDays'),
  };
}

/**
 * Sets it, or takes the own value away (null), and reads it again.
 * @throws Problem `UnknownOutput` when the host does not say what was written
 */
export async function changeBackup(
  cli: CarbonioCli,
  scope: BackupScope,
  name: string,
  wanted: boolean | null,
  options: CallOptions = {},
): Promise<BackupState> {
  if (wanted === null) await unsetConfig(cli, { scope, name }, ATTRIBUTE, options);
  else await setConfig(cli, { scope, name }, ATTRIBUTE, String(wanted), options);
  const now = await readBackupState(cli, scope, name, options);
  if (now.own === wanted) return now;
  throw new Problem(
    'UnknownOutput',
    `${ATTRIBUTE} of ${name} was written, and the mail host says something else.`,
  );
}
