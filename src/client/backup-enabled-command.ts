/** `lifeboat backup-enabled`: names, options and help. */
import { Argument, type Command } from 'commander';
import type { BackupScope } from '../contracts/backup-enabled';
import type { BackupEnabledOptions } from './commands/backup-enabled';
import { stateDirOption } from './options';

const load = () => import('./commands/backup-enabled.js');

/** @param onExit is told the exit code of the command that ran */
export function addBackupEnabledCommand(program: Command, onExit: (code: number) => void): void {
  const command = program
    .command('backup-enabled')
    .summary('whether the mail host backs up a class of service or an account')
    .description(
      'Shows and sets `backupEnabled` of a class of service or an account, by the commands of the mail host. It holds at ' +
        'once and waits for no operation. What is off counts as deleted in the backup, and is purged after the retention.',
    );
  const below = (name: string): Command =>
    command
      .command(name)
      .addArgument(new Argument('<scope>', 'of what').choices(['cos', 'account']))
      .argument('<name>', 'name of the class, or address')
      .addOption(stateDirOption())
      .option('--json', 'print one JSON document');

  below('get')
    .description('Shows what holds, and whose value it is: of the account, of its class, or the default.')
    .action(async (scope: BackupScope, name: string, options: BackupEnabledOptions) =>
      onExit(await (await load()).get(scope, name, options)),
    );
  below('set')
    .description('Sets it. Before it is off, says from which day what is backed up can be purged, and asks.')
    .addArgument(new Argument('<value>', 'what it is to be').choices(['true', 'false']))
    .option('--yes', 'do not ask')
    .action(async (scope: BackupScope, name: string, value: string, options: BackupEnabledOptions) =>
      onExit(await (await load()).change(scope, name, value === 'true', options)),
    );
  below('unset')
    .description('Takes the own value away, so that it inherits. Asks when it is off then.')
    .option('--yes', 'do not ask')
    .action(async (scope: BackupScope, name: string, options: BackupEnabledOptions) =>
      onExit(await (await load()).change(scope, name, null, options)),
    );
}
