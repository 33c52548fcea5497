/** `lifeboat restore-invalid`: restores the items that the mail host refused, with its LMTP validator changed meanwhile. */
import { resolve } from 'node:path';
import { loadConfig } from '../../config';
import {
  restoreInvalidItemsInput,
  type RestoreInvalidItemsRequest,
  type RestoreInvalidItemsResult,
} from '../../contracts/restore-invalid-items';
import { invalidText } from '../../report/invalid-text';
import { checkInput } from '../check-input';
import { EXIT } from '../exit-codes';
import { showNotDone } from '../not-done';
import { given } from '../offsite-options';
import { runOperation, type OperationEnd, type OperationOptions } from '../operation';
import { namedId } from '../operation-id';
import { print, printJson } from '../output';
import { absoluteTarget } from '../restore-options';
import { reportOf } from './retry';

export interface RestoreInvalidOptions extends OperationOptions {
  backupPath?: string;
  target?: string;
  lineLimit?: number;
  disable?: boolean;
  acceptRisk?: boolean;
  dryRun?: boolean;
  deadline?: number;
}

export async function restoreInvalid(report: string, options: RestoreInvalidOptions): Promise<number> {
  const { backupPath, target, lineLimit, disable, acceptRisk, dryRun, deadline } = options;
  const config = loadConfig(process.env, given('stateDir', options.stateDir));
  const request: RestoreInvalidItemsRequest = {
    report: reportOf(report),
    ...(backupPath === undefined ? {} : { sourcePath: resolve(backupPath) }),
    ...(target === undefined ? {} : { target: absoluteTarget(target, process.cwd()) }),
    ...given('lineLimit', lineLimit),
    ...given('disable', disable),
    ...given('acceptRisk', acceptRisk),
    ...given('dryRun', dryRun),
    ...given('deadlineSeconds', deadline),
  };
  const input = checkInput(
    restoreInvalidItemsInput,
    request,
    ' (--line-limit raises the limit; --disable needs --accept-risk.)',
  );
  return runOperation<RestoreInvalidItemsResult>(config, options, {
    noun: 'restore of invalid items',
    derivedId: namedId('restore-invalid', report, input),
    start: {
      type: 'restoreInvalidItems',
      input: request,
      summary: `Restore of the invalid items of ${report}`,
    },
    left: (operationId, note) => ({ status: 'running', operationId, note }),
    finish: async (end) => showInvalidEnd(end, options.json ?? false),
  });
}

/** @returns the exit code */
export function showInvalidEnd(
  { outcome, operationId }: Pick<OperationEnd<RestoreInvalidItemsResult>, 'outcome' | 'operationId'>,
  json: boolean,
): number {
  if (outcome.kind !== 'done') return showNotDone('Restore of invalid items', operationId, outcome, json);
  const { result } = outcome;
  if (json) printJson(result);
  else {
    print(invalidText(result).join('\n'));
    if (result.reportDir !== null) print(`Report:        ${result.reportDir}`);
    if (result.change?.end === 'reload pending')
      print('The setting was not seen to be back: `lifeboat overrides list` shows it.');
  }
  return result.status === 'partial' ? EXIT.partial : EXIT.done;
}
