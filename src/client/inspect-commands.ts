/** The commands that look into a Backup Path, with or without a mail server: names, options and help. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Moment } from '../backup-path/item-states';
import type { ItemType } from '../backup-path/model';
import type { CheckTargetOptions } from './commands/targets';
import type { ItemOptions } from './commands/item';
import type { ReportOptions } from './commands/report';
import type { RescueOptions } from './commands/rescue';
import type { RestoreInvalidOptions } from './commands/restore-invalid';
import type { RetryOptions } from './commands/retry';
import type { SearchOptions } from './commands/search';
import type { VerifyOptions } from './commands/verify';
import { endOfSecond, parseLocalTime } from './local-time';
import { list, stateDirOption, wholeNumber } from './options';

const PATH = 'folder that holds backup.json, accounts/ and items/';

export type OnExit = (code: number) => void;

function moment(value: string): Moment {
  return value === 'last' || value === 'all' ? value : endOfSecond(value);
}

const TYPES: readonly ItemType[] = [
  'message',
  'contact',
  'appointment',
  'task',
  'document',
  'folder',
  'tag',
  'mountpoint',
];

function percent(value: string): number {
  const number = /^\d{1,3}(\.\d{1,6})?\s*%?$/.test(value) ? Number.parseFloat(value) : Number.NaN;
  if (!(number > 0 && number <= 100)) throw new InvalidArgumentError('It must be a part such as 5%.');
  return number;
}

/** Options of commands that start an operation. */
export function addOperationOptions(command: Command): Command {
  return command
    .option('--embedded', 'bring a server and a worker along: needs no other process')
    .addOption(stateDirOption())
    .option('--operation-id <id>', 'id of the operation (default: derived from what is to be done)')
    .option('--detach', 'start it, print its operation id, and end')
    .option('--json', 'print the result as one JSON document on standard output');
}

export function addInspectCommands(program: Command, onExit: OnExit): void {
  addOperationOptions(
    program
      .command('verify')
      .summary('tell what is wrong with a Backup Path')
      .description(
        'Reads every metadata file and every blob of a Backup Path and tells what could not be restored, and what to ' +
          'do about it. It changes nothing. Exit code 0: all is well; 3: there are findings.',
      )
      .argument('<path>', PATH)
      .option(
        '--sample <part>',
        'read only this part of the blobs, such as 5%; each run takes others',
        percent,
      )
      .option('--accounts <a,b>', 'only these accounts, addresses or ids; orphans are not counted', list)
      .option('--threads <n>', 'threads that read (default: one a core)', wholeNumber),
  ).action(async (path: string, options: VerifyOptions) =>
    onExit(await (await import('./commands/verify.js')).verify(path, options)),
  );

  addOperationOptions(
    program
      .command('retry')
      .summary('try again what a restore could not bring back')
      .description(
        'Takes the report of a restore and tries only its unrestored items again, once their cause is mended, by the ' +
          'rules of that restore. Items that are in the target by now are skipped.',
      )
      .argument('<report>', 'id of the restore, or the path of its report.json or of the folder of it')
      .option('--backup-path <path>', 'another copy of the same Backup Path (default: that of the report)')
      .option('--target <url>', 'where to: maildir:DIR, imap://… (default: that of the report)')
      .option(
        '--classes <a,b>',
        'only these: read, broken, invalid, unsupported, doubtful (default: the first three)',
        list,
      ),
  ).action(async (report: string, options: RetryOptions) =>
    onExit(await (await import('./commands/retry.js')).retry(report, options)),
  );

  addOperationOptions(
    program
      .command('restore-invalid')
      .summary('restore what the mail host refused, with its validator changed meanwhile')
      .description(
        'Takes the report of a restore and restores its invalid items: the LMTP validator of the mail host takes longer ' +
          'lines meanwhile, and goes back to what it was, whatever happens. Targets that never meet it (maildir, imap) ' +
          'take them without a change. Exit code 3 when some are still not restored.',
      )
      .argument('<report>', 'id of the restore, or the path of its report.json or of the folder of it')
      .option(
        '--line-limit <bytes>',
        'to how much the limit is raised (default: the longest line of these items)',
        wholeNumber,
      )
      .option('--disable', 'switch the validator off meanwhile instead')
      .option('--accept-risk', 'needed for --disable: such messages can disturb display and mobile sync')
      .option('--dry-run', 'only tell which items these are and what would be changed')
      .option('--deadline <seconds>', 'after how long it goes back all the same (default: 7200)', wholeNumber)
      .option('--backup-path <path>', 'another copy of the same Backup Path (default: that of the report)')
      .option('--target <url>', 'where to: maildir:DIR, imaps://… (default: as in the report)'),
  ).action(async (report: string, options: RestoreInvalidOptions) =>
    onExit(await (await import('./commands/restore-invalid.js')).restoreInvalid(report, options)),
  );

  addOperationOptions(
    program
      .command('rescue')
      .summary('save what can be had of items that could not be restored')
      .description(
        'Writes the newest state of each item whose content verifies as a file, else what is left of damaged content, ' +
          'marked as salvaged, with an index beside the files. Nothing is replaced. Exit code 3 when something was ' +
          'salvaged only in part, or lost.',
      )
      .argument('[account]', 'its address or id; none with --report')
      .argument('[items...]', 'ids, or a list as the report prints it: item:856,13339')
      .option('--backup-path <path>', 'the Backup Path (default: that of the report)')
      .option('--report <report>', 'all that this restore could not bring back: its id, or a path')
      .option('--out <dir>', 'where to write (default: a new folder in the state folder)')
      .option('--inject', 'bring what was rescued into the mailboxes too, into a folder Rescued')
      .option('--target <url>', 'where the mailboxes are, for --inject (default: that of the report)'),
  ).action(async (account: string | undefined, items: string[], options: RescueOptions) =>
    onExit(await (await import('./commands/rescue.js')).rescue(account, items, options)),
  );

  program
    .command('report')
    .summary('show the report of an operation')
    .description(
      'Prints the report of a restore that ended. Needs no server where the report is on this machine.',
    )
    .argument('<operationId>', 'as `lifeboat status` lists it')
    .addOption(stateDirOption())
    .option('--open', 'open it as a page in the web browser')
    .option('--json', 'print it as one JSON document')
    .action(async (operationId: string, options: ReportOptions) =>
      onExit(await (await import('./commands/report.js')).report(operationId, options)),
    );

  program
    .command('search')
    .summary('look for items in an account of a Backup Path')
    .description(
      'Lists the items of an account for which everything given holds, by their current state. Texts are parts of the ' +
        'value, in any case. The last line is a list that the other commands take.',
    )
    .argument('<account>', 'its address or id')
    .argument('[items...]', 'only these: a list as the report prints it, item:856,13339')
    .requiredOption('--backup-path <path>', PATH)
    .option('--subject <text>', 'subject of a message, name of a contact, a folder or a document')
    .option('--sender <text>', 'sender of a message, organizer of an appointment')
    .option(
      '--since <time>',
      "delivered then or later: 'dd/MM/yyyy' or 'dd/MM/yyyy HH:mm:ss'",
      parseLocalTime,
    )
    .option('--until <time>', 'delivered then or earlier', endOfSecond)
    .option('--folder <path>', 'in this folder or below it: Inbox/Work, or an id')
    .addOption(new Option('--type <type>', 'of this type').choices(TYPES))
    .addOption(new Option('--deleted <yes|no>', 'deleted, or not (default: both)').choices(['yes', 'no']))
    .option('--json', 'print one JSON document')
    .action(async (account: string, items: string[], options: SearchOptions) =>
      onExit((await import('./commands/search.js')).search(account, items, options)),
    );

  program
    .command('targets')
    .summary('try a target before a restore')
    .command('check')
    .summary('open it as a restore would, and tell what it offers')
    .description(
      'Opens the target as a restore would. With an IMAP server: logs in, lists what it offers, and puts a message into a ' +
        'folder of its own, which is removed again. With an LMTP server: asks for the mailbox and lists what it offers; ' +
        'a message is delivered only with --deliver-to. Secrets are read from LIFEBOAT_SECRETS_DIR of this machine.',
    )
    .argument('<url>', 'maildir:DIR, imap://…, imaps://…, lmtp://… or carbonio://…')
    .option('--account <address>', 'the account to try with, for a mail server')
    .option('--deliver-to <address>', 'LMTP: deliver a message to this account for tests, where it stays')
    .option('--state-dir <dir>', 'state folder (default: LIFEBOAT_STATE_DIR)')
    .option('--json', 'print one JSON document')
    .action(async (url: string, options: CheckTargetOptions) =>
      onExit(await (await import('./commands/targets.js')).checkTarget(url, options)),
    );

  program
    .command('item')
    .summary('show the states of items of a Backup Path')
    .description(
      'Shows the states of items as `carbonio backup getItem` does, each with whether its content verifies. Times are ' +
        'those of this machine. Exit code 3 when something shown does not verify.',
    )
    .argument('<account>', 'its address or id')
    .argument('<item...>', 'an id, or a list as the report prints it: item:856,13339')
    .requiredOption('--backup-path <path>', PATH)
    .option('--date <when>', "last, all, or a time: 'dd/MM/yyyy HH:mm:ss'", moment, 'last')
    .option('--dump-blob', 'print the content of the newest state shown that verifies')
    .option('--eml <file>', 'save that content as a file, which must not exist yet')
    .option('--json', 'print one JSON document')
    .action(async (account: string, items: string[], options: ItemOptions) =>
      onExit(await (await import('./commands/item.js')).item(account, items, options)),
    );
}
