/**
 * The operations of the Backup module and their parameters, as data (the vendor's public command reference). Mandatory
 * ones go by place, optional ones as name and value. `U`: unit, meaning or default are not documented.
 */
export type ParameterType = 'text' | 'list' | 'boolean' | 'integer' | 'date' | 'start';

interface CommandShape {
  /** Words after `carbonio`. */
  readonly words: readonly string[];
  readonly mandatory: Readonly<Record<string, ParameterType>>;
  readonly optional: Readonly<Record<string, ParameterType>>;
}

export const COMMANDS = {
  doExternalRestore: {
    words: ['backup', 'doExternalRestore'],
    mandatory: { source_path: 'text' },
    optional: {
      accounts: 'list',
      /** A file on the mail host, one account a line; the order is kept. */
      input_file: 'text',
      domains: 'list',
      filter_deleted: 'boolean',
      skip_system_accounts: 'boolean',
      skip_aliases: 'boolean',
      skip_distribution_lists: 'boolean',
      skip_coses: 'boolean',
      skip_account_provisioning: 'boolean',
      skip_domain_provisioning: 'boolean',
      provisioning_only: 'boolean',
      notifications: 'list',
      concurrent_accounts: 'integer',
      /** Unit: U. */
      max_file_size: 'integer',
      restore_datasource: 'boolean',
      /** Meaning: U. */
      force_as_external_restore: 'boolean',
      blobs_archive: 'text',
    },
  },
  doSmartScan: {
    words: ['backup', 'doSmartScan'],
    mandatory: { start: 'start' },
    optional: {
      notifications: 'list',
      read_error_threshold: 'integer',
      deep: 'boolean',
      remote_metadata_upload: 'boolean',
      create_fake_blob: 'boolean',
    },
  },
  doAccountScan: {
    words: ['backup', 'doAccountScan'],
    mandatory: { account: 'text' },
    optional: { deep: 'boolean', notifications: 'list', remote_metadata_upload: 'boolean' },
  },
  doPurge: {
    words: ['backup', 'doPurge'],
    mandatory: {},
    optional: { purgeDays: 'integer', backup_path: 'text' },
  },
  doCoherencyCheck: {
    words: ['backup', 'doCoherencyCheck'],
    mandatory: { backup_path: 'text' },
    optional: {
      accountIds: 'list',
      checkZimbra: 'boolean',
      /** Moves what is bad away. */
      fixBackup: 'boolean',
      notifications: 'list',
      /** `skip`, `check` or `fix`. */
      fixDoubleGzip: 'text',
    },
  },
  doExport: {
    words: ['backup', 'doExport'],
    mandatory: { destination_path: 'text' },
    optional: {
      domains: 'list',
      cos: 'list',
      notifications: 'list',
      /** MB. */
      threshold: 'integer',
      read_error_threshold: 'integer',
      skip_items: 'boolean',
    },
  },
  doRestoreOnNewAccount: {
    words: ['backup', 'doRestoreOnNewAccount'],
    mandatory: { source_account: 'text', destination_account: 'text', date: 'date' },
    optional: {
      apply_hsm: 'boolean',
      notifications: 'list',
      restore_datasource: 'boolean',
      undelete: 'boolean',
      undelete_start_date: 'date',
    },
  },
  doUndelete: {
    words: ['backup', 'doUndelete'],
    mandatory: { account: 'text', start_date: 'date', end_date: 'date' },
    optional: { target_original_folder: 'boolean', apply_hsm: 'boolean', notifications: 'list' },
  },
  doItemRestore: {
    words: ['backup', 'doItemRestore'],
    mandatory: { account: 'text', item_id: 'text' },
    optional: { date: 'date', restore_folder: 'text' },
  },
  doRestoreBlobs: {
    words: ['backup', 'doRestoreBlobs'],
    mandatory: { volume_id: 'integer' },
    /** A dry run unless told otherwise. */
    optional: { backup_path: 'text', dryrun: 'boolean', threads: 'integer', blobs_archive: 'text' },
  },
  doCheckShares: { words: ['backup', 'doCheckShares'], mandatory: { start: 'start' }, optional: {} },
  doFixShares: {
    words: ['backup', 'doFixShares'],
    /** The file `map_<source server id>` of the destination. */
    mandatory: { import_idmap_file: 'text' },
    optional: {},
  },
  doDeduplicate: { words: ['powerstore', 'doDeduplicate'], mandatory: { volume: 'text' }, optional: {} },
} as const satisfies Record<string, CommandShape>;

export type CommandName = keyof typeof COMMANDS;

interface ValueTypes {
  text: string;
  /** Joined with commas, so without commas in it. */
  list: readonly string[];
  boolean: boolean;
  /** Not negative. */
  integer: number;
  /** `dd/MM/yyyy HH:mm:ss` in the time zone of the mail host, or `first`, `last`, `all`, …. */
  date: string;
  start: 'start';
}

type Values<P> = { -readonly [K in keyof P]: P[K] extends ParameterType ? ValueTypes[P[K]] : never };
/** The word `start` is put in by us. */
type NotStart<P> = {
  [K in keyof P as P[K] extends 'start' ? never : K]: P[K];
};

export type CommandValues<N extends CommandName> = Values<NotStart<(typeof COMMANDS)[N]['mandatory']>> &
  Partial<Values<(typeof COMMANDS)[N]['optional']>>;
