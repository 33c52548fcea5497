/** `lifeboat offsite fetch`: brings a copy, or some accounts of it, to this machine. */
import { resolve } from 'node:path';
import { loadConfig } from '../../config';
import {
  fetchOffsiteInput,
  type FetchOffsiteRequest,
  type FetchOffsiteResult,
} from '../../contracts/fetch-offsite';
import { byteSize, counted, shellWord } from '../../report/format';
import { checkInput } from '../check-input';
import { EXIT } from '../exit-codes';
import { showNotDone } from '../not-done';
import { given, placeFields, type PlaceOptions } from '../offsite-options';
import { runOperation, type OperationEnd, type OperationOptions } from '../operation';
import { canonicalNames, namedId, realPath } from '../operation-id';
import { print, printJson } from '../output';

export interface OffsiteFetchOptions extends OperationOptions, PlaceOptions {
  accounts?: string[];
}

export async function offsiteFetch(
  destination: string,
  outputDir: string,
  options: OffsiteFetchOptions,
): Promise<number> {
  const config = loadConfig(process.env, given('stateDir', options.stateDir));
  const request: FetchOffsiteRequest = {
    ...placeFields(destination, options),
    outputDir: outputDir.trim() === '' ? '' : resolve(outputDir),
    ...given('accounts', options.accounts),
  };
  const input = checkInput(fetchOffsiteInput, request);
  const what = {
    destination: realPath(input.destination),
    outputDir: realPath(input.outputDir),
    accounts: canonicalNames(input.accounts),
  };
  return runOperation<FetchOffsiteResult>(config, options, {
    noun: 'fetch',
    derivedId: namedId('fetch-offsite', input.outputDir, what),
    start: {
      type: 'fetchOffsite',
      input: request,
      summary: `Fetch of ${input.destination} to ${input.outputDir}`,
    },
    left: (operationId, note) => ({ status: 'running', operationId, note }),
    finish: async (end) => showFetchEnd(end, options.json ?? false),
  });
}

/** @returns the exit code */
export function showFetchEnd(
  { outcome, page, operationId }: Pick<OperationEnd<FetchOffsiteResult>, 'outcome' | 'page' | 'operationId'>,
  json: boolean,
): number {
  if (outcome.kind !== 'done') return showNotDone('Fetch', operationId, outcome, json);
  const { result } = outcome;
  if (json) printJson(result);
  else {
    const { accounts, files, bytes, missing, outputDir, destination } = result;
    const what = accounts === null ? 'everything' : counted(accounts, 'account');
    print(`Fetched ${what} of ${destination} to ${outputDir}: ${counted(files, 'file')}, ${byteSize(bytes)}`);
    if (missing) print(`Missing:  ${counted(missing, 'blob')} that the copy does not have`);
    print(`Restore:  lifeboat restore ${shellWord(outputDir)} …`);
    if (page !== null) print(`Temporal: ${page}`);
  }
  return result.status === 'fetched' ? EXIT.done : EXIT.partial;
}
