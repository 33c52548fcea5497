/** The command line: names, options and help. What a command does is loaded only when it is called. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import type { RestoreCommandOptions } from './commands/restore';
import type { DevOptions } from './commands/dev';
import type { StatusOptions } from './commands/status';
import { addDrCommand } from './dr-command';
import { afterHelp, INTRODUCTION } from './help';
import { addBackupEnabledCommand } from './backup-enabled-command';
import { addHostCommands } from './host-commands';
import { addOffsiteCommand } from './offsite-command';
import { addInspectCommands, addOperationOptions } from './inspect-commands';
import type { OperationOptions } from './operation';
import { port, stateDirOption } from './options';
import { addQueueCommand } from './queue-command';
import { addRecoveryCommands } from './recovery-commands';
import { addRestoreOptions } from './restore-options';
import { addSchedulesCommand } from './schedules-command';
import { addServerConfigCommand } from './server-config-command';

const manifest = z.object({ version: z.string() });

function version(): string {
  const text = readFileSync(join(__dirname, '../../package.json'), 'utf8');
  return manifest.parse(JSON.parse(text)).version;
}

/** @param onExit is told the exit code of the command that ran */
export function createProgram(onExit: (code: number) => void): Command {
  const program = new Command('lifeboat')
    .description(INTRODUCTION)
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .helpCommand('help [command]', 'print this help, or that of a command')
    .addHelpText('after', () => `\n${afterHelp(process.stdout.columns || 80)}`)
    .showHelpAfterError('(`lifeboat --help` explains the commands)')
    // so that in `lifeboat queue stop <id> --json` the option is that of stop
    .enablePositionalOptions()
    .exitOverride();

  const restore = program
    .command('restore')
    .summary('restore a Backup Path into mailboxes')
    .description(
      'Restores a Backup Path into mailboxes (External Restore) and shows its progress. Run again while it runs, it ' +
        'watches the same restore; run again after it ended, it restores only what is missing in the target.',
    )
    .argument('<sourcePath>', 'folder that holds backup.json, accounts/ and items/');
  addRestoreOptions(restore)
    .option('--embedded', 'bring a server and a worker along: needs no other process')
    .addOption(stateDirOption())
    .option('--operation-id <id>', 'id of the operation (default: derived from source, target and options)')
    .option('--detach', 'start it, print its operation id, and end')
    .option('--json', 'print the result as one JSON document on standard output')
    .action(async (sourcePath: string, options: RestoreCommandOptions) =>
      onExit(await (await import('./commands/restore.js')).restore(sourcePath, options)),
    );

  program
    .command('status')
    .summary('show an operation, or list them')
    .description(
      'Shows how far an operation is or how it ended; without an id, what runs and the last ten that ended.',
    )
    .argument('[operationId]', 'as `lifeboat restore` prints it')
    .addOption(stateDirOption())
    .option('--json', 'print one JSON document')
    .action(async (operationId: string | undefined, options: StatusOptions) =>
      onExit(await (await import('./commands/status.js')).status(operationId, options)),
    );

  program
    .command('cancel')
    .summary('end an operation')
    .description(
      'Asks an operation to end. What was restored stays; the same restore, started again, goes on.',
    )
    .argument('<operationId>', 'as `lifeboat status` lists it')
    .addOption(stateDirOption())
    .option('--json', 'print which operation is stopping, as one JSON document')
    .action(async (operationId: string, options: { stateDir?: string; json?: boolean }) =>
      onExit(await (await import('./commands/cancel.js')).cancel(operationId, options)),
    );

  addQueueCommand(program, onExit);
  addDrCommand(program, onExit);
  addHostCommands(program, onExit);

  addOperationOptions(
    program
      .command('host')
      .summary('let the mail host work on its own backup')
      .description(
        'Starts an operation of the Backup module of the mail host (smartScan, exportBackup, restoreOnNewAccount, undelete, ' +
          'itemRestore, coherencyCheck, purge) in its turn, and shows its progress. Fields as field=value, such as ' +
          '`lifeboat host undelete account=jane@example.com`; `lifeboat example undelete --all-fields` explains them.',
      )
      .argument('<operation>', 'such as smartScan')
      .argument('[field=value...]', 'its input'),
  ).action(async (operation: string, fields: string[], options: OperationOptions) =>
    onExit(await (await import('./commands/host.js')).hostOperation(operation, fields, options)),
  );

  program
    .command('dev')
    .summary('run a server with its web interface, and a worker')
    .description('Runs an embedded Temporal server, its web interface and a worker until Ctrl-C.')
    .addOption(stateDirOption())
    .option('--port <n>', 'of the server (default: any free one)', port)
    .option('--ui-port <n>', 'of the web interface (default: any free one)', port)
    .action(async (options: DevOptions) => onExit(await (await import('./commands/dev.js')).dev(options)));

  program
    .command('worker')
    .summary('carry out the operations of a Temporal server')
    .description(
      'Runs a worker until SIGTERM or Ctrl-C; a second signal ends it at once. Logs to standard output.',
    )
    .addOption(stateDirOption())
    .action(async (options: { stateDir?: string }) =>
      onExit(await (await import('./commands/worker.js')).worker(options)),
    );

  program
    .command('example')
    .summary('print a valid input of a workflow')
    .description('Prints an input as JSON, ready for the web interface; without a name, lists the workflows.')
    .argument('[workflow]', 'such as externalRestore')
    .option('--all-fields', 'print every field with type, default and meaning, as a JSON schema')
    .action(async (name: string | undefined, options: { allFields?: boolean }) =>
      onExit((await import('./commands/example.js')).example(name, options)),
    );

  addRecoveryCommands(program, onExit);
  addInspectCommands(program, onExit);
  addOffsiteCommand(program, onExit);
  addSchedulesCommand(program, onExit);
  addServerConfigCommand(program, onExit);
  addBackupEnabledCommand(program, onExit);

  pointToOwnHelp(program, 'lifeboat');
  return program;
}

/** What is wrong with a command is explained by its own help, not by the long one of all. */
function pointToOwnHelp(command: Command, path: string): void {
  for (const one of command.commands) {
    const name = `${path} ${one.name()}`;
    one.showHelpAfterError(`(\`${name} --help\` explains it)`);
    pointToOwnHelp(one, name);
  }
}
