/** `backup doExternalRestore`. */
import { accessSync, constants, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ExternalRestoreRequest } from '../../../contracts/external-restore';
import type { Host } from '../host';
import { Refusal } from '../refusal';
import { Engine } from './engine';
import type { Work } from './model';

/** Values as on the command line, checked for their type. */
export interface ExternalRestoreValues {
  readonly source_path: string;
  readonly accounts: readonly string[];
  readonly input_file?: string;
  readonly domains: readonly string[];
  readonly concurrent_accounts: number;
  readonly max_file_size?: number;
  readonly notifications: readonly string[];
  readonly flags: Readonly<Record<string, boolean>>;
}

/** @throws Refusal for what can be seen at once; the rest fails in the operation */
export function externalRestore(host: Host, values: ExternalRestoreValues, cwd: string): Work {
  const sourcePath = resolve(cwd, values.source_path);
  requireSource(host, sourcePath, values.flags['force_as_external_restore'] === true);
  const accounts = [...values.accounts, ...fromFile(values.input_file, cwd)];
  const { flags, concurrent_accounts: concurrentAccounts, domains } = values;
  const input: ExternalRestoreRequest = {
    ...{ sourcePath, accounts, domains: [...domains], concurrentAccounts },
    filterDeleted: flags['filter_deleted'] !== false,
    skipSystemAccounts: flags['skip_system_accounts'] !== false,
    skipAliases: flags['skip_aliases'] === true,
    skipDistributionLists: flags['skip_distribution_lists'] === true,
    skipCoses: flags['skip_coses'] === true,
    skipAccountProvisioning: flags['skip_account_provisioning'] === true,
    skipDomainProvisioning: flags['skip_domain_provisioning'] === true,
    provisioningOnly: flags['provisioning_only'] === true,
    restoreDatasource: flags['restore_datasource'] !== false,
    forceAsExternalRestore: flags['force_as_external_restore'] === true,
    // each import sets attributes and passwords again, unless accounts are not provisioned
    overwriteAccounts: flags['skip_account_provisioning'] !== true,
    ...(values.max_file_size === undefined ? {} : { maxFileSize: values.max_file_size }),
  };
  return {
    ...{ name: 'ExternalRestore', descName: 'External Restore', line: 'backup' },
    parameters: {
      ...{
        requesterAddress: 'zextras',
        additionalNotificationAddresses: values.notifications,
        origin: 'CLI',
      },
      ...{ sourcePath, accounts, domains, concurrentAccounts, ...flags },
    },
    run: async (context) => {
      const readable = { ...input, sourcePath: host.vendor.readable(sourcePath) };
      const result = await new Engine(host, context, readable).run();
      if (host.backupInitialised) writeMap(host, result.serverId, context.operation.id, result.accounts);
      return result;
    },
  };
}

function requireSource(host: Host, path: string, forced: boolean): void {
  let real: string;
  try {
    real = realpathSync(path);
    accessSync(real, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Refusal(
      `source path ${path} is not readable and writable (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  if (forced) return;
  const own = host.backupPath;
  const isOwn = real === own || (host.backupInitialised && real === realpathSync(own));
  if (isOwn) throw new Refusal(`${path} is the backup path of this server`);
  const { serverId } = host.openBackup(real).marker;
  if (serverId === host.settings.serverId) throw new Refusal(`${path} is a backup of this very server`);
}

function fromFile(file: string | undefined, cwd: string): string[] {
  if (file === undefined) return [];
  try {
    const lines = readFileSync(resolve(cwd, file), 'utf8').split('\n');
    return lines.map((line) => line.trim()).filter((line) => line !== '');
  } catch (error) {
    throw new Refusal(`input file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** `map_<server id>` in the own Backup Path. That it is there is documented, its content is synthetic. */
function writeMap(
  host: Host,
  serverId: string,
  operation: string,
  accounts: ReadonlyMap<string, string>,
): void {
  const now = [...accounts].map(([source, name]) => ({
    source,
    here: host.mailboxes.find(name)?.id ?? null,
    name,
  }));
  const path = join(host.backupPath, `map_${serverId}`);
  writeFileSync(path, `${JSON.stringify({ serverId, operation, accounts: now }, null, 1)}\n`, {
    mode: 0o640,
  });
}
