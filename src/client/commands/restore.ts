/** `lifeboat restore`: starts an External Restore, or finds the one that runs, and watches it to its end. */
import { resolve } from 'node:path';
import { loadConfig } from '../../config';
import type { ExternalRestoreResult } from '../../contracts/external-restore';
import { operationIdOf } from '../operation-id';
import { runOperation, type OperationEnd, type OperationOptions } from '../operation';
import { reportDirOf } from '../outcome';
import { print, printJson, say } from '../output';
import { readReport } from '../report-file';
import { restoreInput, type RestoreOptions } from '../restore-options';
import { exitCodeOfRestore, jsonOf, runningJson, textOf, type RestoreEnd } from '../restore-result';
import { restoreStart } from '../start';

export type RestoreCommandOptions = RestoreOptions & OperationOptions;

export async function restore(sourcePath: string, options: RestoreCommandOptions): Promise<number> {
  const config = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  const { request, input } = restoreInput(sourcePath, options, process.cwd());
  return runOperation<ExternalRestoreResult>(config, options, {
    noun: 'restore',
    derivedId: operationIdOf(input, config.defaultTarget),
    start: restoreStart(request),
    left: runningJson,
    finish: (end) => showRestoreEnd(end, options.json ?? false),
  });
}

/** @returns the exit code */
export async function showRestoreEnd(
  { operationId, runId, outcome, page, link }: OperationEnd<ExternalRestoreResult>,
  json: boolean,
  what = 'External Restore',
): Promise<number> {
  const reportDir =
    outcome.kind === 'done' ? outcome.result.reportDir : await reportDirOf(link.client, operationId, runId);
  const report = reportDir === null ? null : await readReport(resolve(reportDir));
  const end: RestoreEnd = { what, operationId, outcome, reportDir, report, page };
  if (json) printJson(jsonOf(end));
  else if (outcome.kind === 'failed') say(textOf(end));
  else print(textOf(end));
  return exitCodeOfRestore(end);
}
