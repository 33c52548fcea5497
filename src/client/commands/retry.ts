/** `lifeboat retry`: tries again what a restore could not bring back. */
import { isAbsolute, resolve } from 'node:path';
import { loadConfig } from '../../config';
import type { ExternalRestoreResult } from '../../contracts/external-restore';
import { retryUnrestoredInput, type RetryUnrestoredRequest } from '../../contracts/retry-unrestored';
import { checkInput } from '../check-input';
import { EXIT } from '../exit-codes';
import { namedId } from '../operation-id';
import { runOperation, type OperationEnd, type OperationOptions } from '../operation';
import { print, printJson } from '../output';
import { absoluteTarget } from '../restore-options';
import { runningJson } from '../restore-result';
import { showRestoreEnd } from './restore';

export interface RetryOptions extends OperationOptions {
  backupPath?: string;
  target?: string;
  classes?: string[];
}

export async function retry(report: string, options: RetryOptions): Promise<number> {
  const { backupPath, target, classes } = options;
  const config = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  const request = {
    report: reportOf(report),
    ...(backupPath === undefined ? {} : { sourcePath: resolve(backupPath) }),
    ...(target === undefined ? {} : { target: absoluteTarget(target, process.cwd()) }),
    ...(classes === undefined ? {} : { classes }),
  } as RetryUnrestoredRequest;
  const input = checkInput(retryUnrestoredInput, request);
  return runOperation<ExternalRestoreResult | null>(config, options, {
    noun: 'retry',
    derivedId: namedId('retry', report, input),
    start: { type: 'retryUnrestored', input: request, summary: `Retry of what ${report} could not restore` },
    left: runningJson,
    finish: (end) => showRetryEnd(end, options.json ?? false),
  });
}

/** A path when it looks like one, else the id of an operation. Ids have slashes too, but do not begin with one or a dot. */
export const reportOf = (report: string): string =>
  /^\.{1,2}(\/|$)/.test(report) || isAbsolute(report) || report.endsWith('.json') ? resolve(report) : report;

/** @returns the exit code */
export async function showRetryEnd(
  end: OperationEnd<ExternalRestoreResult | null>,
  json: boolean,
): Promise<number> {
  const { outcome } = end;
  if (outcome.kind !== 'done') return showRestoreEnd({ ...end, outcome }, json, 'Retry');
  const { result } = outcome;
  if (result !== null)
    return showRestoreEnd(
      { ...end, operationId: result.operationId, outcome: { ...outcome, result } },
      json,
      'Retry',
    );
  const note = 'The report has no such items: there is nothing to try again.';
  if (json)
    printJson({ status: 'completed', operationId: end.operationId, restored: 0, unrestored: 0, note });
  else print(note);
  return EXIT.done;
}
