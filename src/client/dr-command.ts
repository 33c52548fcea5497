/** `lifeboat dr` and what is below it: names, options and help. */
import type { Command } from 'commander';
import type { RunbookOptions, StartOptions } from './commands/dr';
import { stateDirOption } from './options';

const load = () => import('./commands/dr.js');

/** @param onExit is told the exit code of the command that ran */
export function addDrCommand(program: Command, onExit: (code: number) => void): void {
  const dr = program
    .command('dr')
    .summary('runbooks: disaster recovery, snapshot recovery, restore to the same server')
    .description(
      'Runbooks that wait for people where people decide. Tried with the stand-in host only, never on a real Carbonio.',
    )
    .enablePositionalOptions();

  common(dr.command('start'))
    .summary('start a runbook; it goes on by itself')
    .description(
      'Starts a runbook and ends; the runbook goes on. Known: disaster-recovery, snapshot-recovery, same-server-restore. ' +
        '`lifeboat example <runbook> --all-fields` explains the fields.',
    )
    .argument('<runbook>', 'which one')
    .argument('[field=value...]', 'its input, such as oldBackupPath=/mnt/old')
    .option('--input <file>', 'its input as a JSON file, for what has parts; fields on the command line win')
    .option('--operation-id <id>', 'id of the operation (default: derived from runbook and input)')
    .action(async (runbook: string, fields: string[], options: StartOptions) =>
      onExit(await (await load()).start(runbook, fields, options)),
    );

  common(dr.command('status'))
    .summary('show its steps and the question that waits')
    .description(
      'Shows the steps of a runbook and the question that waits; without an id, all runbooks that run. Exit code 3 while a ' +
        'question waits.',
    )
    .argument('[operationId]', 'as start printed it')
    .action(async (operationId: string | undefined, options: RunbookOptions) =>
      onExit(await (await load()).status(operationId, options)),
    );

  common(dr.command('approve'))
    .summary('answer the question of a step')
    .description('Answers the question of a step; without --choose what is proposed is taken.')
    .argument('<operationId>', 'as `lifeboat dr status` lists it')
    .argument('<step>', 'the step that waits')
    .option(
      '--choose <option>',
      'one of the options; may be given more than once where several can be chosen',
      several,
    )
    .option('--none', 'choose nothing, where several could be chosen')
    .action(
      async (
        operationId: string,
        step: string,
        options: RunbookOptions & { choose?: string[]; none?: boolean },
      ) => onExit(await (await load()).approve(operationId, step, options)),
    );

  common(dr.command('retry'))
    .summary('try a step again that has failed')
    .description('Tries a step again that has failed.')
    .argument('<operationId>', 'as `lifeboat dr status` lists it')
    .argument('<step>', 'the step that failed')
    .action(async (operationId: string, step: string, options: RunbookOptions) =>
      onExit(await (await load()).answerFailure('retry', operationId, step, options)),
    );

  common(dr.command('skip'))
    .summary('go on without a step that has failed')
    .description('Goes on without a step that has failed, where that can be.')
    .argument('<operationId>', 'as `lifeboat dr status` lists it')
    .argument('<step>', 'the step that failed')
    .action(async (operationId: string, step: string, options: RunbookOptions) =>
      onExit(await (await load()).answerFailure('skip', operationId, step, options)),
    );
}

const several = (value: string, before: readonly string[] = []): string[] => [...before, value];

const common = (command: Command): Command =>
  command.option('--json', 'print one JSON document').addOption(stateDirOption());
