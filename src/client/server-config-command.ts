/** `lifeboat server-config`: names, options and help. */
import type { Command } from 'commander';
import type { DiffOptions } from './commands/server-config-diff';
import type { ServerConfigOptions } from './commands/server-config';
import { endOfSecond } from './local-time';

const load = () => import('./commands/server-config.js');

const date = (value: string): 'last' | 'all' | number =>
  value === 'last' || value === 'all' ? value : endOfSecond(value);

const WHEN = "last (the default), all, or a time: 'dd/MM/yyyy HH:mm:ss', what was in force then";
const WHERE = 'the Backup Path (default: /opt/zextras/backup/zextras)';

/** @param onExit is told the exit code of the command that ran */
export function addServerConfigCommand(program: Command, onExit: (code: number) => void): void {
  const command = program
    .command('server-config')
    .summary("the mail server's own settings, as a Backup Path has them")
    .description(
      'A restore brings back accounts and mail, never the settings of the server and the global ones. They are in the ' +
        'Backup Path all the same: these commands show them, save them, and compare them with those of another server. ' +
        'They read, and change nothing. Passwords and keys are never shown.',
    );

  command
    .command('standard')
    .description(
      'Shows the saved settings as `carbonio backup getServerConfig standard` does; needs no Carbonio. Without --query, ' +
        'how many there are; `--date all` lists what was saved when.',
    )
    .option('--backup-path <path>', WHERE)
    .option(
      '--file <file>',
      'beside --backup-path: save the settings as this new file, without secrets. Alone: show this file, a saved ' +
        'config_….json.gz or what was saved so',
    )
    .option('--date <when>', WHEN, date)
    .option(
      '--query <place>',
      'serverConfig/<attribute>/<host>, globalConfig/<attribute>, a part, or / for all',
    )
    .option('--verbose', 'name the file too')
    .option('--json', 'print one JSON document')
    .action(async (options: ServerConfigOptions) => onExit(await (await load()).standard(options)));

  command
    .command('customizations')
    .description(
      "Lists the archives of the mail server's folders of settings, as `carbonio backup getServerConfig customizations` does.",
    )
    .option('--backup-path <path>', WHERE)
    .option('--file <file>', 'save the archive as this new file')
    .option('--date <when>', WHEN, date)
    .option('--verbose', 'read each archive through, and tell what it holds')
    .option('--json', 'print one JSON document')
    .action(async (options: ServerConfigOptions) => onExit(await (await load()).customizations(options)));

  command
    .command('extract')
    .description(
      'Unpacks an archive of customizations into an empty folder, readable by you alone. Links are left out; an archive ' +
        'whose names lead out of the folder is refused as a whole. Nothing is ever put over the files of a server.',
    )
    .argument('<folder>', 'one that is empty, or not there')
    .option('--backup-path <path>', WHERE)
    .option('--date <when>', "last (the default), or a time: 'dd/MM/yyyy HH:mm:ss'", date)
    .option('--json', 'print one JSON document')
    .action(async (folder: string, options: ServerConfigOptions) =>
      onExit(await (await load()).extractTo(folder, options)),
    );

  command
    .command('diff')
    .description(
      'Compares saved settings with others, or with those in force on the mail host (`live`, by its own commands), in ' +
        'three groups: what must match, what belongs to the host, what is cosmetic. Exit code 0: the same; 3: they ' +
        'differ, or a secret could not be compared.',
    )
    .argument('<a>', 'a Backup Path, a saved config_….json.gz, or a file that --file has saved')
    .argument('<b>', 'the same, or live')
    .option('--server <name>', 'for live: which mail server (default: the only one)')
    .option('--script <file>', 'write the commands that would bring a to b, to be read and run by a person')
    .option('--json', 'print one JSON document')
    .action(async (a: string, b: string, options: DiffOptions) =>
      onExit(await (await import('./commands/server-config-diff.js')).diff(a, b, options)),
    );
}
