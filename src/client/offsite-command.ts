/** `lifeboat offsite` and what is below it: names, options and help. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { OffsiteFetchOptions } from './commands/offsite-fetch';
import type { OffsiteStatusOptions } from './commands/offsite-status';
import type { OffsiteSyncOptions } from './commands/offsite-sync';
import type { OffsiteVerifyOptions } from './commands/offsite-verify';
import { addOperationOptions } from './inspect-commands';
import { addPlaceOptions } from './offsite-options';
import { list, stateDirOption, wholeNumber } from './options';

const DESTINATION = 'a path, rsync://[user@]host[:port]/module[/path] or [user@]host:/path';

/** @param onExit is told the exit code of the command that ran */
export function addOffsiteCommand(program: Command, onExit: (code: number) => void): void {
  const offsite = program
    .command('offsite')
    .summary('keep a copy of a Backup Path elsewhere')
    .description('Keeps, checks and brings back a copy of a Backup Path at another place, with rsync.');

  addOperationOptions(
    addPlaceOptions(
      offsite
        .command('sync')
        .summary('bring the copy up to date')
        .description(
          'Copies what is new or changed to the copy, in an order in which the copy never names content that it lacks, ' +
            'also when it is stopped in the middle. Run again, it goes on. Without --delete, nothing is deleted; with ' +
            'afterPurge, only when a purge of the mail host has ended since the last deleting sync.',
        )
        .argument('<backupPath>', 'folder that holds backup.json, accounts/ and items/')
        .argument('<destination>', DESTINATION)
        .addOption(
          new Option('--delete <when>', 'delete what the Backup Path no longer has').choices([
            'never',
            'now',
            'afterPurge',
          ]),
        )
        .option('--dry-run', 'change nothing; print what would be copied and deleted')
        .option('--max-delete <n>', 'refuse to delete more files and folders (default: 100000)', wholeNumber)
        .option(
          '--max-delete-percent <n>',
          'refuse to delete a larger part of the copy (default: 10)',
          percent,
        )
        .option('--checksum', 'compare content, not size and time: reads both sides whole')
        .option('--allow-empty-destination', 'begin a new copy where the old one is gone'),
    ),
  ).action(async (backupPath: string, destination: string, options: OffsiteSyncOptions) =>
    onExit(await (await import('./commands/offsite-sync.js')).offsiteSync(backupPath, destination, options)),
  );

  addOperationOptions(
    addPlaceOptions(
      offsite
        .command('verify')
        .summary('tell whether the copy can be restored from')
        .description(
          'Reads a copy that is a folder of this machine; fetches the metadata of any other, looks every blob up that they ' +
            'name, and compares content with the Backup Path. Exit code 0: all is well; 3: there are findings.',
        )
        .argument('<destination>', DESTINATION)
        .option(
          '--source <path>',
          'the Backup Path, to compare a copy with that is no folder of this machine',
        )
        .option(
          '--sample <part>',
          'read only this part of the blobs, such as 5%; each run takes others',
          percent,
        ),
    ),
  ).action(async (destination: string, options: OffsiteVerifyOptions) =>
    onExit(await (await import('./commands/offsite-verify.js')).offsiteVerify(destination, options)),
  );

  addOperationOptions(
    addPlaceOptions(
      offsite
        .command('fetch')
        .summary('bring the copy back to this machine')
        .description(
          'Brings a copy, or some accounts with their blobs, to a folder of this machine, to restore from it. Run again, it ' +
            'goes on. A copy that is a folder of this machine can be restored from as it is.',
        )
        .argument('<destination>', DESTINATION)
        .argument('<outputDir>', 'an empty folder, or one that the same fetch has begun')
        .option('--accounts <a,b>', 'only these accounts, addresses or ids', list),
    ),
  ).action(async (destination: string, outputDir: string, options: OffsiteFetchOptions) =>
    onExit(await (await import('./commands/offsite-fetch.js')).offsiteFetch(destination, outputDir, options)),
  );

  offsite
    .command('status')
    .summary('show how old the copies are')
    .description(
      'Shows the newest finished sync of each destination from the state folder of this machine: what was written ' +
        'after it would be lost with the Backup Path. Needs no server. Exit code 3: a copy is older than --max-age, or there is none.',
    )
    .argument('[destination]', `only this one: ${DESTINATION}`)
    .option('--max-age <age>', 'such as 26h or 8d', age)
    .addOption(stateDirOption())
    .option('--json', 'print one JSON document')
    .action(async (destination: string | undefined, options: OffsiteStatusOptions) =>
      onExit((await import('./commands/offsite-status.js')).offsiteStatus(destination, options)),
    );
}

function percent(value: string): number {
  const number = /^\d{1,3}(\.\d{1,3})?%?$/.test(value) ? Number.parseFloat(value) : Number.NaN;
  if (!(number >= 0 && number <= 100)) throw new InvalidArgumentError('It must be a part such as 5 or 5%.');
  return number;
}

const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/** Seconds. */
function age(value: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(value) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It must be a time such as 90m, 26h or 8d.');
  return Number(count) * (UNITS[unit as string] as number);
}
