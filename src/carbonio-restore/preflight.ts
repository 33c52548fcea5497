/** What is looked at on the mail host before a restore by it, each with what to do. */
import type { CarbonioCli } from '../carbonio/cli';
import { getConfig } from '../carbonio/cli/settings';
import { excerpt, oneLine } from '../carbonio/parse/excerpt';
import type { ExternalRestoreInput } from '../contracts/external-restore';
import { Problem } from '../failures';
import { domainOf } from '../restore/select';
import { mailstoresOf } from './mailstores';
import { listed } from './names';
import type { SurveyRow } from './survey';

export interface PreflightEnv {
  readonly cli: CarbonioCli;
  readonly signal: AbortSignal;
  /** What the mail server calls itself. */
  readonly server: string;
}

/** How the level is set is not documented (U). */
const LEVEL = 'ZxCore_NotificationLevel';
/** Ends are told at Information or more. */
const ENOUGH = new Set(['information', 'info', 'debug']);

/**
 * One sentence for each thing that is worth knowing.
 * @throws Problem `HostNotReady` when there would be no end report, or accounts live on another server; forced, it only
 * says so
 */
export async function preflightOf(
  env: PreflightEnv,
  rows: readonly SurveyRow[],
  input: ExternalRestoreInput,
): Promise<string[]> {
  return [
    ...(await ownBackup(env)),
    ...(await notificationLevel(env, input.forceAsExternalRestore)),
    ...statuses(rows),
    ...(await defaultDomain(env, rows)),
    ...(await mailstores(env, rows, input.forceAsExternalRestore)),
  ];
}

async function ownBackup({ cli, signal }: PreflightEnv): Promise<string[]> {
  try {
    await cli.call(['backup', 'getBackupInfo'], { signal });
    return [];
  } catch (error) {
    if (!(error instanceof Problem) || error.type !== 'CommandFailed') throw error;
    return [
      `The own Backup Path of the mail host seems not to be initialised (${oneLine(error.message)}): run ` +
        '`carbonio backup doSmartScan start` first, or what is restored is not backed up.',
    ];
  }
}

async function notificationLevel({ cli, signal }: PreflightEnv, forced: boolean): Promise<string[]> {
  let level: string;
  try {
    ({ value: level } = await getConfig(cli, { scope: 'global' }, LEVEL, { signal }));
  } catch (error) {
    if (!(error instanceof Problem) || (error.type !== 'CommandFailed' && error.type !== 'UnknownOutput'))
      throw error;
    return [
      'The level of notifications of the mail host could not be read: if Information does not pass, the host sends no end ' +
        'report, and the restore cannot be proved.',
    ];
  }
  if (ENOUGH.has(level.toLowerCase())) return [];
  const what =
    `The level of notifications of the mail host is ${excerpt(level)}: it would send no end report. Set ${LEVEL} to ` +
    'Information';
  if (forced) return [`${what}.`];
  throw new Problem('HostNotReady', `${what}.`);
}

function statuses(rows: readonly SurveyRow[]): string[] {
  const odd = rows.filter(({ status }) => status !== null && status !== 'active' && status !== 'deleted');
  if (odd.length === 0) return [];
  const names = odd.map(({ name, status }) => `${name} (${status})`);
  return [
    `Accounts that are closed, locked or in maintenance: ${listed(names)}. Their owners cannot log in after the restore; ` +
      'where that is wanted, `carbonio prov modifyAccount ADDRESS zimbraAccountStatus active`.',
  ];
}

async function defaultDomain(env: PreflightEnv, rows: readonly SurveyRow[]): Promise<string[]> {
  const domain = await defaultDomainName(env);
  if (domain === null)
    return [
      'The default domain of the mail host could not be read: it must be none of the domains that are imported.',
    ];
  if (!rows.some(({ name }) => domainOf(name) === domain)) return [];
  return [
    `The imported domain ${domain} is the default domain of the mail host, which can conflict: make another one the ` +
      'default (`carbonio prov modifyConfig zimbraDefaultDomainName`) before the restore.',
  ];
}

/** Null when the host does not tell, or not in words that are understood. */
async function defaultDomainName({ cli, signal }: PreflightEnv): Promise<string | null> {
  try {
    const { raw } = await cli.call(['prov', 'getConfig', 'zimbraDefaultDomainName'], { signal });
    const [, name] = /zimbraDefaultDomainName["']?\s*[:=]\s*\[?\s*["']?([A-Za-z0-9.-]+)/.exec(raw) ?? [];
    return name?.toLowerCase() ?? null;
  } catch (error) {
    if (error instanceof Problem && error.type === 'CommandFailed') return null;
    throw error;
  }
}

async function mailstores(
  env: PreflightEnv,
  rows: readonly SurveyRow[],
  forced: boolean,
): Promise<readonly string[]> {
  const { elsewhere, notes } = await mailstoresOf(
    env,
    env.server,
    rows.map(({ name }) => name),
  );
  if (elsewhere.length === 0) return notes;
  const what = `These accounts live on another mail server than ${env.server}: ${listed(elsewhere)}`;
  if (forced) return [...notes, `${what}.`];
  throw new Problem(
    'HostNotReady',
    `${what}. Restore them by the worker of that server, and here only the others (accounts)`,
  );
}
