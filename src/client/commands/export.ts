/** `lifeboat export`: chosen accounts of a Backup Path become a Backup Path of their own. */
import { resolve } from 'node:path';
import { loadConfig } from '../../config';
import { HOST_INPUTS, type DirectExportResult } from '../../contracts/host-operations';
import { byteSize, grouped } from '../../report/format';
import { checkInput } from '../check-input';
import { EXIT } from '../exit-codes';
import { showNotDone } from '../not-done';
import { canonicalNames, namedId, realPath } from '../operation-id';
import { runOperation, type OperationEnd, type OperationOptions } from '../operation';
import { print, printJson } from '../output';

export interface ExportOptions extends OperationOptions {
  accounts?: string[];
  domains?: string[];
  concurrentAccounts?: number;
  verify?: boolean;
}

export async function exportPath(
  sourcePath: string,
  destination: string,
  options: ExportOptions,
): Promise<number> {
  const { accounts, domains, concurrentAccounts, verify, json = false } = options;
  const config = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  const request = {
    engine: 'direct' as const,
    sourcePath: absolute(sourcePath),
    destinationPath: absolute(destination),
    ...(accounts === undefined ? {} : { accounts }),
    ...(domains === undefined ? {} : { domains }),
    ...(concurrentAccounts === undefined ? {} : { concurrentAccounts }),
    ...(verify ? { verify } : {}),
  };
  checkInput(HOST_INPUTS.exportBackup, request);
  const what = {
    sourcePath: realPath(request.sourcePath),
    destinationPath: realPath(request.destinationPath),
    accounts: canonicalNames(accounts ?? []),
    domains: canonicalNames(domains ?? []),
  };
  return runOperation<DirectExportResult>(config, options, {
    noun: 'export',
    derivedId: namedId('export', request.sourcePath, what),
    start: {
      type: 'exportBackup',
      input: request,
      summary: `Export of ${request.sourcePath} to ${request.destinationPath}`,
    },
    left: (operationId, note) => ({ status: 'running', operationId, note }),
    finish: async (end) => showExportEnd(end, json),
  });
}

/** @returns the exit code */
export function showExportEnd(
  { outcome, operationId, page }: OperationEnd<DirectExportResult>,
  json: boolean,
): number {
  if (outcome.kind !== 'done') return showNotDone('Export', operationId, outcome, json);
  const { result } = outcome;
  if (json) printJson(result);
  else print([...linesOf(result), ...(page === null ? [] : [`Temporal: ${page}`])].join('\n'));
  return result.status === 'partial' ? EXIT.partial : EXIT.done;
}

/** An empty path is refused by the contract; resolved, it would be the current folder. */
const absolute = (path: string): string => (path.trim() === '' ? '' : resolve(path));

function linesOf(result: DirectExportResult): string[] {
  const { status, items, written, unchanged, damaged, blobs, bytes, accounts, leftOut } = result;
  const { findings, verified, destination, reportDir } = result;
  return [
    `Export ${status}.`,
    `Accounts: ${grouped(accounts)}, ${grouped(leftOut)} left out`,
    `Items:    ${grouped(items)} in the source: ${grouped(written)} written, ${grouped(unchanged)} unchanged, ${grouped(damaged)} damaged`,
    `Content:  ${grouped(blobs)} blobs copied, ${byteSize(bytes)}`,
    ...(findings > 0 ? [`Findings: ${grouped(findings)}: see the report`] : []),
    ...(verified === null ? [] : [`Verified: ${verified === 0 ? 'clean' : `${grouped(verified)} findings`}`]),
    `Where:    ${destination}`,
    `Report:   ${reportDir} (report.json)`,
  ];
}
