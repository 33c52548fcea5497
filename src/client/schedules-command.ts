/** `lifeboat schedules` and what is below it: names, options and help. */
import type { Command } from 'commander';
import type { ApplyOptions } from './commands/schedules';
import type { PauseOptions } from './commands/schedules-control';
import { stateDirOption } from './options';
import { DEFAULT_FILE } from './schedules/model';
import type { SchedulesOptions } from './schedules/session';

const loadApply = () => import('./commands/schedules.js');
const loadControl = () => import('./commands/schedules-control.js');

/** @param onExit is told the exit code of the command that ran */
export function addSchedulesCommand(program: Command, onExit: (code: number) => void): void {
  const schedules = program
    .command('schedules')
    .summary('let syncs, verifications and the watchdog start by themselves')
    .description(
      'Keeps the schedules of a mail host on the Temporal server as one file has them (examples/lifeboat.schedules.yaml is ' +
        'one to begin with). They need a server that keeps running, and a worker. Schedules that Lifeboat has not made are ' +
        'never touched.',
    );

  common(schedules.command('apply'))
    .summary('make them as the file has them')
    .description(
      'Shows what differs, then creates and changes what the file has. What is paused stays paused. What is no longer in the ' +
        'file is removed with --prune, or when you say so on the terminal. Exit code 3: something of that was left.',
    )
    .argument('[file]', 'the file', DEFAULT_FILE)
    .option('--dry-run', 'change nothing: as `diff`')
    .option('--prune', 'remove schedules of this host that are not in the file')
    .action(async (file: string, options: ApplyOptions) =>
      onExit(await (await loadApply()).apply(file, options)),
    );

  common(schedules.command('diff'))
    .summary('show what `apply` would change')
    .description('Changes nothing. Exit code 0: nothing differs; 3: something does.')
    .argument('[file]', 'the file', DEFAULT_FILE)
    .action(async (file: string, options: SchedulesOptions) =>
      onExit(await (await loadApply()).diff(file, options)),
    );

  common(schedules.command('list'))
    .summary('show when they start next, how the last one ended, what is paused and why')
    .description(
      'Shows those of this host that Lifeboat has made. One that was made just now may be missing for a second.',
    )
    .action(async (options: SchedulesOptions) =>
      onExit(await (await import('./commands/schedules-list.js')).list(options)),
    );

  common(schedules.command('pause'))
    .summary('start nothing until it is resumed')
    .description(
      'What runs goes on. `apply` leaves it paused. Why one is paused already is kept, and a reason is added to it.',
    )
    .argument('<name...>', 'as `lifeboat schedules list` shows it')
    .option('--reason <text>', 'why; shown by `list`')
    .action(async (names: string[], options: PauseOptions) =>
      onExit(await (await loadControl()).pause(names, options)),
    );

  common(schedules.command('resume'))
    .summary('start again what was paused, by a person or by a failure')
    .argument('<name...>', 'as `lifeboat schedules list` shows it')
    .option('--reason <text>', 'why')
    .action(async (names: string[], options: PauseOptions) =>
      onExit(await (await loadControl()).resume(names, options)),
    );

  common(schedules.command('trigger'))
    .summary('start one now, and print the id of the operation')
    .description(
      'Starts it also when it is paused. While the one before still runs, nothing is started: exit code 1.',
    )
    .argument('<name>', 'as `lifeboat schedules list` shows it')
    .action(async (name: string, options: SchedulesOptions) =>
      onExit(await (await loadControl()).trigger(name, options)),
    );
}

function common(command: Command): Command {
  return command
    .option('--host <name>', 'name of the mail host (default: LIFEBOAT_HOST)')
    .addOption(stateDirOption())
    .option('--json', 'print one JSON document');
}
