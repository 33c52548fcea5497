/** Commands that work on a Backup Path. */
import { resolve } from 'node:path';
import { parseDate } from '../dates';
import type { Work } from '../operations/model';
import {
  coherencyCheck,
  exportTo,
  itemRestore,
  purge,
  restoreOnNewAccount,
  scan,
  undelete,
} from '../operations/from-backup';
import { Refusal } from '../refusal';
import { listOf, requireKeyword, started, type Call, type Command, type Kind } from './spec';

/** Keywords `first`, `last`, or a date. Epoch ms. @throws Refusal */
function moment(text: string | undefined, missing: number): number {
  if (text === undefined) return missing;
  if (text.toLowerCase() === 'last') return Number.MAX_SAFE_INTEGER;
  if (text.toLowerCase() === 'first') return 0;
  const date = parseDate(text);
  if (date === null) throw new Refusal(`${text} is no date (dd/MM/yyyy HH:mm:ss, first, last)`);
  // the whole second counts
  return date + 999;
}

const queued = (
  name: string,
  mandatory: readonly string[],
  optional: Record<string, Kind>,
  about: string,
  work: (call: Call) => Work,
): Command => ({
  ...{
    module: 'backup',
    name,
    mandatory,
    optional: { ...optional, notifications: 'list' },
    output: 'synthetic',
  },
  about,
  run: (call) => started(call.host, call.host.queue.add(work(call))),
});

export const BACKUP_COMMANDS: readonly Command[] = [
  queued(
    'doSmartScan',
    ['start'],
    { read_error_threshold: 'int', deep: 'bool', remote_metadata_upload: 'bool', create_fake_blob: 'bool' },
    'Stores accounts, folders and messages in the own Backup Path; nothing else',
    ({ host, values }) => {
      requireKeyword(values['start'], 'start');
      return scan(host, null);
    },
  ),
  queued(
    'doAccountScan',
    ['account'],
    { deep: 'bool', remote_metadata_upload: 'bool' },
    'The same for one account',
    ({ host, values }) => scan(host, values['account'] ?? ''),
  ),
  queued(
    'doRestoreOnNewAccount',
    ['source_account', 'destination_account', 'date'],
    { apply_hsm: 'bool', restore_datasource: 'bool', undelete: 'bool', undelete_start_date: 'text' },
    'An account of the own Backup Path, also a deleted one, as it was at the date, on another address',
    ({ host, values }) =>
      restoreOnNewAccount(
        host,
        values['source_account'] ?? '',
        values['destination_account'] ?? '',
        moment(values['date'], 0),
      ),
  ),
  queued(
    'doUndelete',
    ['account', 'start_date', 'end_date'],
    { target_original_folder: 'bool', apply_hsm: 'bool' },
    'What was deleted between two dates comes back, tagged',
    ({ host, values }) =>
      undelete(host, values['account'] ?? '', moment(values['start_date'], 0), moment(values['end_date'], 0)),
  ),
  queued(
    'doItemRestore',
    ['account', 'item_id'],
    { date: 'text', restore_folder: 'text' },
    'One item into the folder it was in; restore_folder is ignored',
    ({ host, values }) => {
      const item = Number(values['item_id']);
      if (!Number.isSafeInteger(item)) throw new Refusal(`${values['item_id']} is no item id`);
      return itemRestore(
        host,
        values['account'] ?? '',
        item,
        moment(values['date'], Number.MAX_SAFE_INTEGER),
      );
    },
  ),
  queued(
    'doExport',
    ['destination_path'],
    { domains: 'list', cos: 'list', threshold: 'int', read_error_threshold: 'int', skip_items: 'bool' },
    'Copies what the own Backup Path has into a new one; of the parameters only domains counts',
    ({ host, values, cwd }) =>
      exportTo(host, resolve(cwd, values['destination_path'] ?? ''), listOf(values['domains'])),
  ),
  queued(
    'doCoherencyCheck',
    ['backup_path'],
    { accountids: 'list', checkzimbra: 'bool', fixbackup: 'bool', fixdoublegzip: 'text' },
    'Reads every blob and metadata file; repairs nothing, whatever is asked',
    ({ host, values, cwd }) => coherencyCheck(host, resolve(cwd, values['backup_path'] ?? '')),
  ),
  queued(
    'doPurge',
    [],
    { purgedays: 'int', backup_path: 'text' },
    'Removes what was deleted longer ago than the retention, accounts too; backup_path is ignored',
    ({ host, values }) => purge(host, values['purgedays'] === undefined ? null : Number(values['purgedays'])),
  ),
];
