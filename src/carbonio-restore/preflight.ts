/** What is looked at on the mail host before a restore by it, each with what to do; and quotas before and after. */
import type { CarbonioCli } from '../carbonio/cli';
import { getConfig } from '../carbonio/cli/settings';
import { excerpt, oneLine } from '../carbonio/parse/excerpt';
import type { ExternalRestoreInput } from '../contracts/external-restore';
import { Problem } from '../failures';
import { domainOf } from '../restore/select';
import type { HostPlan } from './plan';
import type { SurveyRow } from './survey';

export interface PreflightEnv {
  readonly cli: CarbonioCli;
  readonly signal: AbortSignal;
}

/** How the level is set is not documented (U). */
const LEVEL = 'ZxCore_NotificationLevel';
/** Ends are told at Information or more. */
const ENOUGH = new Set(['information', 'info', 'debug']);
const MOST_NAMES = 20;
/** Each is a call of seconds. */
const MOST_QUOTAS = 100;

/**
 * One sentence for each thing that is worth knowing.
 * @throws Problem `HostNotReady` when there would be no end report; forced, it only says so
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
    ...(await scanner(env, rows)),
    'Afterwards, on the mail host: `carbonio backup doCheckShares start` and doFixShares with the map file of the source ' +
      'server, delete imported GalSync accounts, and `carbonio powerstore doDeduplicate` for each volume.',
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
  const names = odd.slice(0, MOST_NAMES).map(({ name, status }) => `${name} (${status})`);
  const more = odd.length > MOST_NAMES ? `, and ${odd.length - MOST_NAMES} more` : '';
  return [
    `Accounts that are closed, locked or in maintenance: ${names.join(', ')}${more}. Their owners cannot log in after the ` +
      'restore; set them active where that is wanted.',
  ];
}

async function defaultDomain({ cli, signal }: PreflightEnv, rows: readonly SurveyRow[]): Promise<string[]> {
  let answer: string;
  try {
    answer = (await cli.call(['prov', 'getConfig', 'zimbraDefaultDomainName'], { signal })).raw;
  } catch (error) {
    if (!(error instanceof Problem) || error.type !== 'CommandFailed') throw error;
    return [
      'The default domain of the mail host could not be read: it must be none of the domains that are imported.',
    ];
  }
  const domain = /zimbraDefaultDomainName["']?\s*[:=]\s*["']?([A-Za-z0-9.-]+)/
    .exec(answer)?.[1]
    ?.toLowerCase();
  if (domain === undefined || !rows.some(({ name }) => domainOf(name) === domain)) return [];
  return [
    `The imported domain ${domain} is the default domain of the mail host, which can conflict: make another one the ` +
      'default (`carbonio prov modifyConfig zimbraDefaultDomainName`) before the restore.',
  ];
}

/** Changing it and putting it back is for an override; here it is only looked at. */
async function scanner({ cli, signal }: PreflightEnv, rows: readonly SurveyRow[]): Promise<string[]> {
  if (new Set(rows.map(({ name }) => domainOf(name))).size < 2) return [];
  try {
    const { value } = await getConfig(cli, { scope: 'global' }, 'ZxBackup_RealTimeScanner', { signal });
    if (value.toLowerCase() !== 'true') return [];
  } catch (error) {
    if (!(error instanceof Problem) || (error.type !== 'CommandFailed' && error.type !== 'UnknownOutput'))
      throw error;
  }
  return [
    'Several domains are imported: switch the Real Time Scanner off meanwhile (`carbonio config set global ' +
      'ZxBackup_RealTimeScanner FALSE`), and on again afterwards with a SmartScan.',
  ];
}

/** Bytes by address, of accounts that are there already or have one in the backup. */
export async function quotasOf(
  env: PreflightEnv,
  rows: readonly SurveyRow[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const few = rows.length <= MOST_QUOTAS;
  for (const { name, quota } of rows) {
    const now = few ? await quotaOf(env, name) : null;
    if (now !== null) found[name] = now;
    else if (quota !== null) found[name] = quota;
  }
  return found;
}

/** What a restore that did not end well has left without its quota. */
export async function quotasAfter(
  env: PreflightEnv,
  { quotas, accounts }: Pick<HostPlan, 'quotas' | 'accounts'>,
): Promise<string[]> {
  const before = Object.entries(quotas);
  if (before.length > MOST_QUOTAS || accounts.length > MOST_QUOTAS * 10) {
    return [
      'Quotas were not compared, there are too many accounts: an interrupted restore may leave some without one.',
    ];
  }
  const changed: string[] = [];
  for (const [name, quota] of before) {
    const now = await quotaOf(env, name);
    if (now !== null && now !== quota)
      changed.push(`${name} (${quota} before, ${now === '0' ? 'none' : now} now)`);
  }
  if (changed.length === 0) return [];
  const shown = `${changed.slice(0, MOST_NAMES).join(', ')}${changed.length > MOST_NAMES ? ', …' : ''}`;
  return [
    `Quotas differ from before: ${shown}. A restore that was interrupted leaves accounts without one; set it again ` +
      '(`carbonio prov modifyAccount ADDRESS zimbraMailQuota BYTES`).',
  ];
}

/** Null for an account that is not there, or has none. */
async function quotaOf({ cli, signal }: PreflightEnv, name: string): Promise<string | null> {
  try {
    const { raw } = await cli.call(['prov', 'getAccount', name, 'zimbraMailQuota'], { signal });
    return /zimbraMailQuota["']?\s*:\s*["']?(\d+)/.exec(raw)?.[1] ?? null;
  } catch (error) {
    if (error instanceof Problem && ['CommandFailed', 'UnknownOutput'].includes(error.type)) return null;
    throw error;
  }
}
