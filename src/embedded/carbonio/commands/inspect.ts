/** Commands that only look into a Backup Path. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { archiveOrder, SERVER } from '../../../backup-path/layout';
import { digestAlgorithm } from '../../../backup-path/digest';
import { blobPath } from '../../../backup-path/layout';
import { findAccount } from '../../../backup-path/find-account';
import type { AccountInfo, ItemState } from '../../../backup-path/model';
import type { BackupPath } from '../../../backup-path/store';
import { formatDate, parseDate } from '../dates';
import { Refusal } from '../refusal';
import { isTrue, listOf, requireKeyword, type Call, type Command, type Kind } from './spec';

const command = (
  name: string,
  mandatory: readonly string[],
  optional: Record<string, Kind>,
  output: Command['output'],
  about: string,
  run: Command['run'],
): Command => ({ module: 'backup', name, mandatory, optional, output, about, run });

/** The one named, or the server's own. */
function open({ host, values, cwd }: Call): BackupPath {
  const path = values['backup_path'];
  return host.openBackup(path === undefined ? null : resolve(cwd, path));
}

const infosOf = (store: BackupPath): AccountInfo[] =>
  store.accountIds().ids.map((id) => store.accountInfo(id));

function statesAt(states: readonly ItemState[], date: string | undefined): readonly ItemState[] {
  if (date === undefined || date.toLowerCase() === 'last') return states.slice(-1);
  if (date.toLowerCase() === 'all') return states;
  const moment = parseDate(date);
  if (moment === null) throw new Refusal(`${date} is no date (dd/MM/yyyy HH:mm:ss, last, all)`);
  return states.filter(({ start }) => start <= moment + 999).slice(-1);
}

const getItem = command(
  'getItem',
  ['account', 'item'],
  { backup_path: 'text', dump_blob: 'bool', date: 'text', blobs_archive: 'text' },
  'documented',
  'States of an item; dump_blob (synthetic) adds the content',
  async (call) => {
    const store = open(call);
    const { account = '', item = '', date, dump_blob: dump } = call.values;
    const { id } = findAccount(store, account);
    if (!/^\d{1,10}$/.test(item)) throw new Refusal(`${item} is no item id`);
    const states = statesAt(store.itemById(id, Number(item)), date);
    const { backup_path: named } = call.values;
    const root = named === undefined ? store.root : resolve(call.cwd, named);
    const itemStates = states.map(({ start, type, deleted, digest }) => ({
      ...{ 'start date': formatDate(start), type, deleted },
      ...(digest !== null && digestAlgorithm(digest) !== null
        ? { 'blob path': join(root, blobPath(digest)) }
        : {}),
    }));
    const indent = ' '.repeat(8);
    const lines = itemStates.flatMap((state) =>
      Object.entries(state).map(([key, value]) =>
        key === 'blob path' ? `${indent}blob path ${value}` : `${indent}${key.padEnd(60)}${value}`,
      ),
    );
    const text = [`itemStates`, ...lines, ''].join('\n');
    const digest = states.at(-1)?.digest;
    if (!isTrue(dump) || !digest) return { response: { itemStates }, text };
    const blob = await store.blobs.load(digest);
    const content = blob.kind === 'memory' ? blob.bytes.toString('utf8') : '';
    return { response: { itemStates, blob: content }, text: `${text}\n${content}` };
  },
);

const getServerConfig = command(
  'getServerConfig',
  ['type'],
  { date: 'text', backup_path: 'text', file: 'text', query: 'text', verbose: 'bool', colors: 'bool' },
  'documented',
  'Attributes of the server (query serverConfig/<attribute>/<host>, or /), or the archives of customizations',
  (call) => {
    const store = open(call);
    const { type, query } = call.values;
    if (requireKeyword(type, 'standard', 'customizations') === 'customizations') return customizations(store);
    const config = store.serverConfig();
    if (config === null) throw new Refusal(`${store.root} has no server configuration`);
    const { attributes, name } = config.server;
    const [, wanted, of] = (query ?? '').split('/');
    const shown = Object.entries(attributes).filter(
      ([key]) => query === '/' || (key === wanted && of?.toLowerCase() === name.toLowerCase()),
    );
    const date = configDate(store);
    const line = (key: string, value: string): string =>
      `${key}${'_'.repeat(Math.max(3, 128 - key.length - value.length))}${value}\n`;
    const said = shown.map(([key, value]) => line(query === '/' ? key : name, String(value))).join('');
    const counts = {
      domains: config.domains.length,
      coses: config.coses.length,
      lists: config.distributionLists.length,
    };
    const summary = Object.entries(counts)
      .map(([key, count]) => line(key, String(count)))
      .join('');
    return {
      response:
        query === undefined
          ? { date, server: name, ...counts }
          : { date, attributes: Object.fromEntries(shown) },
      text: line('config date', date) + (query === undefined ? summary : said),
    };
  },
);

function archives(store: BackupPath, kind: 'config' | 'customizations'): string[] {
  const folder = join(store.root, SERVER);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const order = (name: string): string => archiveOrder(kind, name) ?? '';
  return names.filter((name) => order(name) !== '').sort((a, b) => order(a).localeCompare(order(b)));
}

function configDate(store: BackupPath): string {
  const newest = archives(store, 'config').at(-1) ?? '';
  const [, day, month, year, hour, minute, second] =
    /_(\d\d)_(\d\d)_(\d\d)#(\d\d)_(\d\d)_(\d\d)/.exec(newest) ?? [];
  return `${day}/${month}/20${year} ${hour}:${minute}:${second} UTC`;
}

function customizations(store: BackupPath) {
  const found = archives(store, 'customizations').map((filename) => ({
    filename,
    path: `${store.root}/${SERVER}/`,
    'modify date': formatDate(statSync(join(store.root, SERVER, filename)).mtimeMs),
  }));
  return { response: { archives: found } };
}

const getAvailableAccounts = command(
  'getAvailableAccounts',
  [],
  {
    ...{
      date: 'text',
      backup_path: 'text',
      domains: 'list',
      hide_deleted: 'bool',
      hide_system_accounts: 'bool',
    },
    ...{ hide_existing_accounts: 'bool', output_file: 'text', output_headers: 'list' },
  },
  'synthetic',
  'Accounts of a Backup Path; output_file gets their addresses, one a line; date and output_headers are ignored',
  (call) => {
    const { values, host, cwd } = call;
    const domains = listOf(values['domains']).map((domain) => domain.toLowerCase());
    const accounts = infosOf(open(call))
      .filter(({ status }) => status !== 'deleted' || !isTrue(values['hide_deleted']))
      .filter(({ system }) => !system || !isTrue(values['hide_system_accounts'], true))
      .filter(({ name }) => !isTrue(values['hide_existing_accounts']) || !host.mailboxes.find(name))
      .filter(({ name }) => domains.length === 0 || domains.includes(domainOf(name)))
      .map(({ id, name, status }) => ({ id, name, status }));
    const file = values['output_file'];
    if (file !== undefined)
      writeFileSync(resolve(cwd, file), accounts.map(({ name }) => `${name}\n`).join(''), { mode: 0o640 });
    return { response: { accounts } };
  },
);

const domainOf = (name: string): string => name.slice(name.lastIndexOf('@') + 1).toLowerCase();

export const INSPECT_COMMANDS: readonly Command[] = [
  getItem,
  getServerConfig,
  getAvailableAccounts,
  command(
    'getAvailableDomains',
    ['date', 'backup_path'],
    {},
    'synthetic',
    'Domains of the accounts of a Backup Path; the date is ignored',
    (call) => ({
      response: { domains: [...new Set(infosOf(open(call)).map(({ name }) => domainOf(name)))].sort() },
    }),
  ),
  command(
    'getAccountInfo',
    ['account'],
    { backup_path: 'text', date: 'text', backupstats: 'bool' },
    'synthetic',
    'What a Backup Path says of an account, but its password',
    (call) => {
      const store = open(call);
      const { passwordHash: _hash, ...info } = store.accountInfo(
        findAccount(store, call.values['account'] ?? '').id,
      );
      return { response: info };
    },
  ),
  command('getBackupInfo', [], { backup_path: 'text' }, 'synthetic', 'Whose Backup Path it is', (call) => {
    const { root, marker } = open(call);
    return { response: { path: root, serverId: marker.serverId, serverName: marker.serverName } };
  }),
  command('getMap', ['file_path'], {}, 'synthetic', 'Prints a map file', ({ values, cwd }) => {
    const path = resolve(cwd, values['file_path'] ?? '');
    if (!existsSync(path)) throw new Refusal(`no such file: ${path}`);
    return { response: JSON.parse(readFileSync(path, 'utf8')) as unknown };
  }),
  command('doCheckShares', ['start'], {}, 'synthetic', 'Simulated: there are no shares here', () => ({
    response: { brokenShares: 0 },
  })),
  command('doFixShares', ['import_idmap_file'], {}, 'synthetic', 'Simulated', ({ values, cwd }) => {
    const path = resolve(cwd, values['import_idmap_file'] ?? '');
    if (!existsSync(path)) throw new Refusal(`no such file: ${path}`);
    return { response: { fixedShares: 0 } };
  }),
];
