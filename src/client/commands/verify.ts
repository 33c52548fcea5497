/** `lifeboat verify`: reads a Backup Path and tells what is wrong with it. */
import { join, resolve } from 'node:path';
import { loadConfig } from '../../config';
import { verifyInput, type VerifyRequest, type VerifyResult } from '../../contracts/verify';
import { counted } from '../../report/format';
import { checkInput } from '../check-input';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { canonicalNames, namedId, realPath } from '../operation-id';
import { showNotDone } from '../not-done';
import { runOperation, type OperationEnd, type OperationOptions } from '../operation';
import { print, printFile, printJson } from '../output';

export interface VerifyOptions extends OperationOptions {
  sample?: number;
  accounts?: string[];
  threads?: number;
}

export async function verify(sourcePath: string, options: VerifyOptions): Promise<number> {
  const { sample, accounts, threads } = options;
  const config = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  const request: VerifyRequest = {
    // an empty path is refused by the contract; resolved, it would be the current folder
    sourcePath: sourcePath.trim() === '' ? '' : resolve(sourcePath),
    ...(sample === undefined ? {} : { sample }),
    ...(accounts === undefined ? {} : { accounts }),
    ...(threads === undefined ? {} : { threads }),
  };
  checkInput(verifyInput, request);
  const what = {
    path: realPath(request.sourcePath),
    sample: sample ?? null,
    accounts: canonicalNames(accounts ?? []),
  };
  return runOperation<VerifyResult>(config, options, {
    noun: 'verification',
    derivedId: namedId('verify', request.sourcePath, what),
    start: { type: 'verify', input: request, summary: `Verification of ${request.sourcePath}` },
    left: (operationId, note) => ({ status: 'running', operationId, note }),
    finish: (end) => showVerifyEnd(end, options.json ?? false),
  });
}

/** @returns the exit code */
export async function showVerifyEnd(
  { outcome, page, operationId }: Pick<OperationEnd<VerifyResult>, 'outcome' | 'page' | 'operationId'>,
  json: boolean,
): Promise<number> {
  if (outcome.kind !== 'done') return showNotDone('Verification', operationId, outcome, json);
  const { result } = outcome;
  if (json) await printDocument(result);
  else {
    await printList(join(result.reportDir, 'verify.txt'), result);
    print(`Report:   ${result.reportDir} (verify.txt, verify.json)`);
    if (page !== null) print(`Temporal: ${page}`);
  }
  return result.status === 'clean' ? EXIT.done : EXIT.partial;
}

async function printDocument(result: VerifyResult): Promise<void> {
  const { checked, bytes, orphans } = result;
  // nothing to list, so the file on the worker's machine is not needed
  if (result.status === 'clean') return printJson({ checked, bytes, orphans, findings: [] });
  await printList(join(result.reportDir, 'verify.json'), result);
}

/** A list of findings may be longer than memory. */
async function printList(path: string, result: VerifyResult): Promise<void> {
  try {
    await printFile(path);
  } catch (error) {
    const { read, broken, invalid, doubleGzipped, checked } = result;
    const counts = `${read} read, ${broken} broken, ${invalid} invalid, ${doubleGzipped} double-gzipped`;
    throw new CommandError(
      'StateUnavailable',
      `${counted(checked, 'file')} read; findings: ${counts}. The list is on the machine of the worker: ${path} ` +
        `(${(error as NodeJS.ErrnoException).code ?? (error as Error).message} here).`,
      { cause: error },
    );
  }
}
