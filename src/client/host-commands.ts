/** The commands that look at settings of the mail host and change them for a while: names, options and help. */
import type { Command } from 'commander';
import type { OverridesOptions, RevertOptions } from './commands/overrides';
import type { ValidatorOptions } from './commands/validator';
import type { WithOverrideOptions } from './commands/with-override';
import { stateDirOption, wholeNumber } from './options';

const loadOverrides = () => import('./commands/overrides.js');
const loadValidator = () => import('./commands/validator.js');

/** @param onExit is told the exit code of the command that ran */
export function addHostCommands(program: Command, onExit: (code: number) => void): void {
  const overrides = program
    .command('overrides')
    .summary('show settings of the host that are changed for a while, and put them back')
    .description(
      'Settings of this host that an operation has changed and that must go back to what they were. They go back by ' +
        'themselves; these commands need no server and no worker. Run them as the user of the worker.',
    );
  overrides
    .command('list')
    .description('Lists them. Exit code 1 when an entry of the journal cannot be understood.')
    .option('--json', 'print one JSON document')
    .action(async (options: OverridesOptions) => onExit((await loadOverrides()).list(options)));
  overrides
    .command('revert')
    .description(
      'Puts them back, and proves it. An operation that still works inside such a change goes on without it. A value that ' +
        'somebody else has set meanwhile stays: exit code 3.',
    )
    .argument('[name...]', 'as `lifeboat overrides list` shows it')
    .option('--all', 'everything')
    .option('--json', 'print one JSON document')
    .action(async (names: string[], options: RevertOptions) =>
      onExit(await (await loadOverrides()).revert(names, options)),
    );

  const validator = program
    .command('validator')
    .summary('the LMTP validator of the mail host: status, probe, change it around a command')
    .description(
      'The LMTP validator refuses messages with long lines. Tried with the stand-in host only, never on a real Carbonio.',
    );
  validator
    .command('status')
    .description('Shows what is written in the local configuration.')
    .option('--json', 'print one JSON document')
    .action(async (options: ValidatorOptions) => onExit(await (await loadValidator()).status(options)));
  validator
    .command('probe')
    .description(
      'Delivers test messages to LIFEBOAT_PROBE_RECIPIENT, and tells whether the running server does what is written.',
    )
    .option('--json', 'print one JSON document')
    .action(async (options: ValidatorOptions) => onExit(await (await loadValidator()).probe(options)));
  validator
    .command('with-override')
    .summary('run a command while the validator is changed')
    .description(
      'Changes the validator, proves the change, runs the command, and puts the old value back whatever happens. The exit ' +
        'code is that of the command; 1 when the validator was not seen to be back.',
    )
    .argument('<command...>', 'behind --')
    .option('--line-limit <bytes>', 'let lines have so many bytes', wholeNumber)
    .option('--disable', 'switch the validator off; needs --accept-risk')
    .option('--accept-risk', 'such messages can disturb display and mobile synchronisation')
    .option('--deadline <seconds>', 'when it goes back at the latest (default: 7200)', wholeNumber)
    .option('--embedded', 'bring a server and a worker along: needs no other process')
    .addOption(stateDirOption())
    .passThroughOptions()
    .action(async (command: string[], options: WithOverrideOptions) =>
      onExit(await (await import('./commands/with-override.js')).withOverride(command, options)),
    );
}
