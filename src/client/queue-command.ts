/** `lifeboat queue` and what is below it: names, options and help. */
import type { Command } from 'commander';
import type { QueueOptions, StopOptions } from './commands/queue';
import { stateDirOption } from './options';

const load = () => import('./commands/queue.js');

/** @param onExit is told the exit code of the command that ran */
export function addQueueCommand(program: Command, onExit: (code: number) => void): void {
  const queue = common(program.command('queue'))
    .summary('show what works on a host and what waits; stop it')
    .description(
      'On a mail host one operation works at a time; the others wait in the order in which they were started. Shows ' +
        'them, the one that works first.',
    )
    .enablePositionalOptions()
    .option('--json', 'print one JSON document')
    .action(async (options: QueueOptions) => onExit(await (await load()).list(options)));

  common(queue.command('watch'))
    .description('Shows the queue until Ctrl-C.')
    .action(async (options: QueueOptions) => onExit(await (await load()).watchQueue(options)));

  stopOptions(queue.command('stop'))
    .description(
      'Asks an operation to end, one that works or one that waits. What was restored stays, a report is written, and ' +
        'the same restore, started again, goes on.',
    )
    .argument('<operationId>', 'as `lifeboat queue` lists it')
    .action(async (operationId: string, options: StopOptions) =>
      onExit(await (await load()).stop(operationId, options)),
    );

  stopOptions(queue.command('stop-all'))
    .description('Asks every operation to end, those that wait first. Asks before it does.')
    .option('--yes', 'do not ask')
    .action(async (options: StopOptions & { yes?: boolean }) =>
      onExit(await (await load()).stopAll(options)),
    );
}

function stopOptions(command: Command): Command {
  return common(command)
    .option('--force', 'terminate it, without a report: for one that does not end when it is asked to')
    .option('--json', 'print which operations are stopping, as one JSON document');
}

function common(command: Command): Command {
  return command
    .option('--host <name>', 'name of the mail host (default: LIFEBOAT_HOST)')
    .addOption(stateDirOption());
}
