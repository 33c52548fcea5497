/** What the backup holds: items, accounts, server configuration. All of it only reads. */
import type { CallOptions, CarbonioCli } from '../cli';
import { availableAccounts, type AvailableAccount } from '../parse/accounts';
import { treeOf } from '../parse/answer';
import { unknownOutput } from '../parse/excerpt';
import { parseServerConfig, type ServerConfig, type ServerConfigEntry } from '../parse/server-config';
import { booleanOf, recordsOf, valueOf, type TreeNode } from '../parse/tree';
import { valueWord } from './words';

/** Parameters by name and value; undefined ones are left out. */
type Named = Readonly<Record<string, string | undefined>>;

function namedWords(command: string, values: Named): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [name, valueWord(command, name, value)],
  );
}

export interface ItemState {
  /** `dd/MM/yyyy HH:mm:ss` in the time zone of the host. */
  readonly startDate: string;
  /** `message`, …. */
  readonly type: string | null;
  readonly deleted: boolean;
  /** Absolute path on the host; null for a state without content. */
  readonly blobPath: string | null;
}

export interface ItemQuery extends CallOptions {
  readonly backupPath?: string;
  /** `last` (the default), `all`, or a date. */
  readonly date?: string;
  readonly blobsArchive?: string;
}

/** The states of an item in the order in which they are printed. Its JSON is not documented (U): read by the same keys. */
export async function getItem(
  cli: CarbonioCli,
  account: string,
  item: string,
  { backupPath, date, blobsArchive, ...options }: ItemQuery = {},
): Promise<ItemState[]> {
  const at = [valueWord('getItem', 'account', account), valueWord('getItem', 'item', item)];
  const named = namedWords('getItem', { backup_path: backupPath, date, blobs_archive: blobsArchive });
  const answer = await cli.call(['backup', 'getItem', ...at, ...named], options);
  const states = recordsOf(treeOf(answer), 'start date').map((group): ItemState => {
    const startDate = valueOf(group, 'start date');
    const deleted = booleanOf(valueOf(group, 'deleted'));
    if (startDate === undefined || deleted === undefined)
      throw unknownOutput('A state of the item', answer.raw);
    return {
      startDate,
      deleted,
      type: valueOf(group, 'type') ?? null,
      blobPath: valueOf(group, 'blob path') ?? null,
    };
  });
  if (states.length === 0) throw unknownOutput('The states of the item', answer.raw);
  return states;
}

/** Its members are not documented (U), so they are given as they are. */
export async function getAccountInfo(
  cli: CarbonioCli,
  account: string,
  { backupPath, date, ...options }: { backupPath?: string; date?: string } & CallOptions = {},
): Promise<TreeNode[]> {
  const named = namedWords('getAccountInfo', { backup_path: backupPath, date });
  const words = ['backup', 'getAccountInfo', valueWord('getAccountInfo', 'account', account), ...named];
  const answer = await cli.call(words, options);
  const tree = treeOf(answer);
  if (!tree.some(({ value, children }) => value !== undefined || children.length > 0)) {
    throw unknownOutput('The account', answer.raw);
  }
  return tree;
}

export interface AccountsQuery extends CallOptions {
  readonly backupPath?: string;
  readonly date?: string;
  readonly domains?: readonly string[];
  readonly hideDeleted?: boolean;
  readonly hideSystemAccounts?: boolean;
  readonly hideExistingAccounts?: boolean;
  /** Default: `accountAndIdList`. */
  readonly outputHeaders?: 'accountMap' | 'accountList' | 'accountIdList' | 'accountAndIdList';
}

/** The accounts of a backup. */
export async function getAvailableAccounts(
  cli: CarbonioCli,
  { backupPath, date, domains, outputHeaders = 'accountAndIdList', ...query }: AccountsQuery = {},
): Promise<AvailableAccount[]> {
  const { hideDeleted, hideSystemAccounts, hideExistingAccounts, ...options } = query;
  const named = namedWords('getAvailableAccounts', {
    date,
    backup_path: backupPath,
    domains: domains?.join(','),
    hide_deleted: hideDeleted?.toString(),
    hide_system_accounts: hideSystemAccounts?.toString(),
    hide_existing_accounts: hideExistingAccounts?.toString(),
    output_headers: outputHeaders,
  });
  return availableAccounts(await cli.call(['backup', 'getAvailableAccounts', ...named], options));
}

export interface ServerConfigQuery extends CallOptions {
  readonly date?: string;
  readonly backupPath?: string;
  readonly file?: string;
  /** Not understood by us; `/` asks for all. */
  readonly query?: string;
}

/** The configuration of the server in the backup. Its JSON is not documented (U): members that have a value. */
export async function getServerConfig(
  cli: CarbonioCli,
  { date, backupPath, file, query = '/', ...options }: ServerConfigQuery = {},
): Promise<ServerConfig> {
  const named = namedWords('getServerConfig', {
    date,
    backup_path: backupPath,
    file,
    query,
    colors: 'false',
  });
  const answer = await cli.call(['backup', 'getServerConfig', 'standard', ...named], options);
  if (answer.form === 'text') return parseServerConfig(answer.raw);
  const entries = leavesOf(treeOf(answer), '');
  if (entries.length === 0) throw unknownOutput('The server configuration', answer.raw);
  return { date: null, entries };
}

function leavesOf(nodes: readonly TreeNode[], path: string): ServerConfigEntry[] {
  return nodes.flatMap(({ key, value, children }) => {
    const id = path === '' ? key : `${path}/${key}`;
    return [...(value === undefined ? [] : [{ id, value }]), ...leavesOf(children, id)];
  });
}
