/** `lifeboat rescue`: saves what can be had of items that could not be restored. */
import { resolve } from 'node:path';
import { loadConfig } from '../../config';
import {
  rescueItemsInput,
  type RescueItemsRequest,
  type RescueItemsResult,
} from '../../contracts/rescue-items';
import { countsText } from '../../rescue/index-files';
import { checkInput } from '../check-input';
import { EXIT } from '../exit-codes';
import { parseItems } from '../item-list';
import { namedId } from '../operation-id';
import { showNotDone } from '../not-done';
import { runOperation, type OperationEnd, type OperationOptions } from '../operation';
import { print, printJson } from '../output';
import { absoluteTarget } from '../restore-options';
import { reportOf } from './retry';

export interface RescueOptions extends OperationOptions {
  backupPath?: string;
  report?: string;
  out?: string;
  inject?: boolean;
  target?: string;
}

export async function rescue(
  account: string | undefined,
  words: readonly string[],
  options: RescueOptions,
): Promise<number> {
  const { backupPath, report, out, inject, target } = options;
  const config = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  const request: RescueItemsRequest = {
    ...(report === undefined ? {} : { report: reportOf(report) }),
    ...(account === undefined ? {} : { items: [{ account, items: parseItems(words) }] }),
    ...(backupPath === undefined ? {} : { sourcePath: resolve(backupPath) }),
    ...(out === undefined ? {} : { outputDir: resolve(out) }),
    ...(inject ? { inject } : {}),
    ...(target === undefined ? {} : { target: absoluteTarget(target, process.cwd()) }),
  };
  const input = checkInput(
    rescueItemsInput,
    request,
    ' Name an account, items and --backup-path; or --report.',
  );
  return runOperation<RescueItemsResult>(config, options, {
    noun: 'rescue',
    derivedId: namedId('rescue', account ?? report ?? '', input),
    start: { type: 'rescueItems', input: request, summary: `Rescue of items of ${account ?? report}` },
    left: (operationId, note) => ({ status: 'running', operationId, note }),
    finish: async (end) => showRescueEnd(end, options.json ?? false),
  });
}

/** @returns the exit code */
export function showRescueEnd(
  { outcome, operationId }: Pick<OperationEnd<RescueItemsResult>, 'outcome' | 'operationId'>,
  json: boolean,
): number {
  if (outcome.kind !== 'done') return showNotDone('Rescue', operationId, outcome, json);
  const { result } = outcome;
  if (json) printJson(result);
  else {
    const { injected, injectionFailure } = result;
    print(`Rescue ${result.status}: ${countsText(result)}`);
    if (injected) {
      const { restored, skipped, unrestored } = injected;
      print(
        `Injected into Rescued: ${restored} items; ${skipped} were there, ${unrestored} not taken (${injected.reportDir})`,
      );
    }
    if (injectionFailure !== undefined) print(`Not injected: ${injectionFailure}`);
    print(`Files:    ${result.outputDir} (index.txt says what each of them is)`);
  }
  return result.status === 'completed' ? EXIT.done : EXIT.partial;
}
