/** `backup doExternalRestore`, as a command. */
import { externalRestore } from '../operations/external-restore';
import { isTrue, listOf, started, type Command, type Kind } from './spec';

const FLAGS: Readonly<Record<string, boolean>> = {
  filter_deleted: true,
  skip_system_accounts: true,
  skip_aliases: false,
  skip_distribution_lists: false,
  skip_coses: false,
  skip_account_provisioning: false,
  skip_domain_provisioning: false,
  provisioning_only: false,
  restore_datasource: true,
  force_as_external_restore: false,
};

const OPTIONAL: Record<string, Kind> = {
  ...{ accounts: 'list', input_file: 'text', domains: 'list', notifications: 'list' },
  ...{ concurrent_accounts: 'int', max_file_size: 'int', blobs_archive: 'text' },
  ...Object.fromEntries(Object.keys(FLAGS).map((name) => [name, 'bool' as const])),
};

export const EXTERNAL_RESTORE: Command = {
  ...{ module: 'backup', name: 'doExternalRestore', mandatory: ['source_path'], optional: OPTIONAL },
  ...{
    output: 'synthetic',
    about: 'Restores the Backup Path of another server, for real; max_file_size in bytes',
  },
  run: ({ host, values, cwd }) => {
    const { source_path: sourcePath = '', input_file: inputFile, max_file_size: largest } = values;
    const operation = host.queue.add(
      externalRestore(
        host,
        {
          source_path: sourcePath,
          accounts: listOf(values['accounts']),
          ...(inputFile === undefined ? {} : { input_file: inputFile }),
          domains: listOf(values['domains']),
          concurrent_accounts: Number(values['concurrent_accounts'] ?? 1),
          ...(largest === undefined ? {} : { max_file_size: Number(largest) }),
          notifications: listOf(values['notifications']),
          flags: Object.fromEntries(
            Object.entries(FLAGS).map(([name, missing]) => [name, isTrue(values[name], missing)]),
          ),
        },
        cwd,
      ),
    );
    return started(host, operation);
  },
};
