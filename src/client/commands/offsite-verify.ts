/** `lifeboat offsite verify`: tells whether an offsite copy can be restored from. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../config';
import {
  verifyOffsiteInput,
  type VerifyOffsiteRequest,
  type VerifyOffsiteResult,
} from '../../contracts/verify-offsite';
import { FINDINGS } from '../../offsite/verify-copy';
import { counted } from '../../report/format';
import { checkInput } from '../check-input';
import { EXIT } from '../exit-codes';
import { showNotDone } from '../not-done';
import { given, placeFields, type PlaceOptions } from '../offsite-options';
import { runOperation, type OperationEnd, type OperationOptions } from '../operation';
import { namedId, realPath } from '../operation-id';
import { print, printJson, say } from '../output';
import { showVerifyEnd } from './verify';

export interface OffsiteVerifyOptions extends OperationOptions, PlaceOptions {
  source?: string;
  sample?: number;
}

export async function offsiteVerify(destination: string, options: OffsiteVerifyOptions): Promise<number> {
  const config = loadConfig(process.env, given('stateDir', options.stateDir));
  const { source, sample } = options;
  const request: VerifyOffsiteRequest = {
    ...placeFields(destination, options),
    ...given('sourcePath', source === undefined ? undefined : resolve(source)),
    ...given('sample', sample),
  };
  const input = checkInput(verifyOffsiteInput, request);
  const what = { destination: realPath(input.destination), sample: input.sample, source: input.sourcePath };
  return runOperation<VerifyOffsiteResult>(config, options, {
    noun: 'verification',
    derivedId: namedId('verify-offsite', input.destination, what),
    start: {
      type: 'verifyOffsite',
      input: request,
      summary: `Verification of the copy ${input.destination}`,
    },
    left: (operationId, note) => ({ status: 'running', operationId, note }),
    finish: (end) => showVerifyOffsiteEnd(end, options.json ?? false),
  });
}

/** @returns the exit code */
export async function showVerifyOffsiteEnd(
  { outcome, page, operationId }: Pick<OperationEnd<VerifyOffsiteResult>, 'outcome' | 'page' | 'operationId'>,
  json: boolean,
): Promise<number> {
  if (outcome.kind !== 'done') return showNotDone('Verification', operationId, outcome, json);
  const { result } = outcome;
  const code = result.status === 'clean' ? EXIT.done : EXIT.partial;
  if (json) {
    printJson(result);
    return code;
  }
  if (result.verify !== null) {
    return showVerifyEnd({ outcome: { kind: 'done', result: result.verify }, page, operationId }, json);
  }
  for (const name of FINDINGS) printList(join(result.reportDir, name));
  const { blobs, items, accounts, missing, damaged, destination, reportDir } = result;
  print(
    `Compared ${destination}: ${counted(items, 'metadata file')} of ${counted(accounts, 'account')}, ${counted(blobs, 'blob')}`,
  );
  print(`Findings: ${missing} missing, ${damaged} damaged`);
  print(`Report:   ${reportDir} (${FINDINGS.join(', ')})`);
  if (page !== null) print(`Temporal: ${page}`);
  return code;
}

function printList(file: string): void {
  try {
    const text = readFileSync(file, 'utf8').trimEnd();
    if (text !== '') print(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    say(`The list is on the machine of the worker: ${file}`);
  }
}
