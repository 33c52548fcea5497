/** The commands that take a part of a Backup Path, into mailboxes or into another one: names, options and help. */
import { Option, type Command } from 'commander';
import type { ExportOptions } from './commands/export';
import type { NewAccountOptions, RecoveryOptions, UndeleteOptions } from './commands/recovery';
import { addOperationOptions, type OnExit } from './inspect-commands';
import { list, sinceThen, untilThen, wholeNumber } from './options';

const load = () => import('./commands/recovery.js');

function addRecoveryOptions(command: Command): Command {
  return addOperationOptions(
    command
      .requiredOption('--backup-path <path>', 'folder that holds backup.json, accounts/ and items/')
      .option('--target <url>', 'where to: maildir:DIR, imap://… (default: LIFEBOAT_TARGET of the worker)')
      .option('--dry-run', 'only count what would be restored; needs no server')
      .addOption(
        new Option('--on-invalid <what>', 'messages that the target refuses: report or save them').choices([
          'report',
          'save',
        ]),
      )
      .option('--notifications <a@b,c@d>', 'who is told of start and end, beside the admins', list),
  );
}

const date = [
  '--date <time>',
  'as it was then: "24/12/2025 12:00:00", or last (default: last)',
  untilThen,
] as const;
const folder = ['--folder <name>', 'everything into this folder (default: where it was)'] as const;

export function addRecoveryCommands(program: Command, onExit: OnExit): void {
  addOperationOptions(
    program
      .command('export')
      .summary('make a Backup Path of chosen accounts of another one')
      .description(
        'Copies a Backup Path, or chosen accounts of it, into a folder that becomes a Backup Path of its own (External ' +
          'Backup). Every blob is proved by its digest. Run again, it goes on where it was, or adds what is new. Exit code ' +
          '3 when something of the source is damaged and was left out.',
      )
      .argument('<sourcePath>', 'folder that holds backup.json, accounts/ and items/')
      .argument('<destination>', 'an empty folder, or an export of the same server')
      .option('--accounts <a,b>', 'only these accounts, addresses or ids', list)
      .option('--domains <d,e>', 'only accounts of these domains', list)
      .option('--concurrent-accounts <n>', 'accounts exported at the same time (default: 2)', wholeNumber)
      .option('--verify', 'read the whole export at its end'),
  ).action(async (sourcePath: string, destination: string, options: ExportOptions) =>
    onExit(await (await import('./commands/export.js')).exportPath(sourcePath, destination, options)),
  );

  addRecoveryOptions(
    program
      .command('restore-account')
      .summary('restore an account of a Backup Path as a new one')
      .description(
        'Restores an account, also a deleted one, as it was at a moment, into a new account of another name (Restore on ' +
          'New Account). A mailbox that is there already is refused. Run again, it goes on where it was.',
      )
      .argument('<account>', 'its address or id in the Backup Path')
      .argument('<newAccount>', 'address of the account that is made')
      .option(...date)
      .option('--existing-account', 'also into a mailbox that is there; nothing in it is changed')
      .option('--no-restore-datasource', 'leave out data sources (external accounts)'),
  ).action(async (account: string, newAccount: string, options: NewAccountOptions) =>
    onExit(await (await load()).restoreAccount(account, newAccount, options)),
  );

  addRecoveryOptions(
    program
      .command('undelete')
      .summary('bring back what was deleted between two moments')
      .description(
        'Brings items of an account back that were deleted between two moments and are deleted still, as they were ' +
          'before, with the tag undelete_dd_MM_yy. What is in the mailbox already is skipped.',
      )
      .argument('<account>', 'its address or id in the Backup Path')
      .option(
        '--from <time>',
        'deleted since then: "01/12/2025", "01/12/2025 12:00:00", or first (default)',
        sinceThen,
      )
      .option('--to <time>', 'deleted until then, or last (default)', untilThen)
      .option(...folder)
      .option('--own-folder', 'everything into a folder "Undeleted <date>"'),
  ).action(async (account: string, options: UndeleteOptions) =>
    onExit(await (await load()).undelete(account, options)),
  );

  addRecoveryOptions(
    program
      .command('restore-item')
      .summary('bring back items by their ids')
      .description(
        'Brings chosen items of an account back, as they were at a moment; one that was deleted then as it was before. ' +
          'What is in the mailbox already is skipped; with --folder what is in that folder.',
      )
      .argument('<account>', 'its address or id in the Backup Path')
      .argument('<items...>', 'ids, or a list as the report prints it: item:856,13339')
      .option(...date)
      .option(...folder),
  ).action(async (account: string, items: string[], options: RecoveryOptions) =>
    onExit(await (await load()).restoreItem(account, items, options)),
  );
}
