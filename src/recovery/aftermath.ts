/** Whether everything is there after a restore. */
import { BackupPath } from '../backup-path/store';
import { Defect } from '../backup-path/defect';
import type { AccountInfo } from '../backup-path/model';
import type { CarbonioCli } from '../carbonio/cli';
import { getAvailableAccounts } from '../carbonio/cli/inspect';
import type { ExternalRestoreResult } from '../contracts/external-restore';
import { MOST_QUOTAS, quotasAfter } from '../carbonio-restore/quotas';
import { Problem } from '../failures';
import { counted } from '../report/format';
import { readUnrestored } from '../report/read-unrestored';

export interface AftermathInput {
  readonly source: string;
  readonly result: ExternalRestoreResult;
  readonly stateDir: string;
  /** Null: there is no mail host to ask. */
  readonly cli: CarbonioCli | null;
  readonly signal: AbortSignal;
}

const MOST_NAMES = 20;

/**
 * Sentences that a person wants to read.
 * @throws Problem `RestoreIncomplete` for accounts that are missing, or items that nobody can account for;
 * `RecoveryUnfinished` for quotas that are not those of the backup
 */
export async function checkAftermath(input: AftermathInput): Promise<string[]> {
  const { result, source } = input;
  const { restored, skipped, filtered, unrestored } = result;
  const unaccounted = result.source - restored - skipped - filtered - unrestored;
  if (unaccounted !== 0)
    throw incomplete(
      `${unaccounted} of ${result.source} items are neither restored nor reported as unrestored.`,
    );
  const { found, unreadable } = accountsOf(BackupPath.open(source));
  const names = found.map(({ name }) => name);
  const reported = new Set(
    Object.keys(readUnrestored(input.stateDir, result.reportDir).accounts).map((name) => name.toLowerCase()),
  );
  const missing = names.filter((name) => !reported.has(name.toLowerCase()));
  if (missing.length > 0) throw incomplete(`The restore did not come to these accounts: ${some(missing)}.`);
  const absent =
    input.cli === null ? [] : await absentOnHost(input.cli, source, new Set(names), input.signal);
  if (absent.length > 0) throw incomplete(`The mail host does not have these accounts: ${some(absent)}.`);
  const quotas = input.cli === null ? [] : await quotaSentences(input.cli, found, input.signal);
  return [
    `All ${names.length} accounts are there${input.cli === null ? ' by the report' : ', says the mail host'}.`,
    `Of ${result.source} items ${restored + skipped} are there, ${filtered} were left out as asked, ${unrestored} could not be restored.`,
    ...quotas,
    ...(unreadable === 0 ? [] : [`${unreadable} accounts of the source cannot be read.`]),
  ];
}

/** Those that a restore brings by default: no system accounts, none that was deleted. */
function accountsOf(store: BackupPath): { found: AccountInfo[]; unreadable: number } {
  const found: AccountInfo[] = [];
  let unreadable = 0;
  for (const id of store.accountIds().ids) {
    try {
      const info = store.accountInfo(id);
      if (!info.system && info.status !== 'deleted') found.push(info);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      unreadable++;
    }
  }
  return { found, unreadable };
}

/** The host lifts quotas for a restore, and may not have set them again. */
async function quotaSentences(
  cli: CarbonioCli,
  infos: readonly AccountInfo[],
  signal: AbortSignal,
): Promise<string[]> {
  const quotas: Record<string, string> = {};
  for (const { name, attributes } of infos) {
    const quota = [attributes['zimbraMailQuota'] ?? null].flat()[0] ?? null;
    if (quota !== null) quotas[name] = quota;
  }
  const count = Object.keys(quotas).length;
  if (count === 0) return [];
  if (count > MOST_QUOTAS)
    return [`${count} accounts have a quota of their own: too many to compare here; look at some of them.`];
  const wrong = await quotasAfter({ cli, signal }, { quotas, accounts: [] });
  if (wrong.length > 0) throw new Problem('RecoveryUnfinished', wrong.join(' '));
  return [`${counted(count, 'quota')} of accounts ${count === 1 ? 'is as it was' : 'are as they were'}.`];
}

/** The host compares the source with its own directory: once all are asked for, once only those that it does not have. */
async function absentOnHost(
  cli: CarbonioCli,
  source: string,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string[]> {
  const query = { backupPath: source, hideDeleted: true, hideSystemAccounts: true, signal };
  const known = new Set((await getAvailableAccounts(cli, query)).map(({ name }) => name));
  const unseen = [...wanted].filter((name) => !known.has(name));
  if (unseen.length > 0)
    throw new Problem(
      'UnknownOutput',
      `The mail host does not list these accounts of the source: ${some(unseen)}.`,
    );
  try {
    const found = await getAvailableAccounts(cli, { ...query, hideExistingAccounts: true });
    return found.map(({ name }) => name ?? '').filter((name) => wanted.has(name));
  } catch (error) {
    // the list without a row: the same question with rows was understood just now
    if (!(error instanceof Problem) || error.type !== 'UnknownOutput') throw error;
    if (!isPlainlyEmpty(error.details.output)) throw error;
    return [];
  }
}

/** No text at all, or JSON whose answer holds nothing but empty lists and objects. Any word may be a refusal. */
export function isPlainlyEmpty(output: unknown): boolean {
  if (typeof output !== 'string') return false;
  if (output.trim() === '') return true;
  try {
    const answer = JSON.parse(output) as { response?: unknown } | null;
    return typeof answer === 'object' && answer !== null && isHollow(answer.response);
  } catch {
    return false;
  }
}

/** An answer for each host has its own `ok`. */
function isHollow(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || depth > 8) return false;
  return Object.entries(value).every(([key, one]) =>
    key === 'ok' ? one === true : isHollow(one, depth + 1),
  );
}

const some = (names: readonly string[]): string =>
  names.length <= MOST_NAMES
    ? names.join(', ')
    : `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`;

const incomplete = (what: string): Problem => new Problem('RestoreIncomplete', what);
