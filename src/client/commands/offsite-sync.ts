/** `lifeboat offsite sync`: brings an offsite copy up to date. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Transform } from 'node:stream';
import { loadConfig } from '../../config';
import {
  offsiteSyncInput,
  type OffsiteSyncRequest,
  type OffsiteSyncResult,
} from '../../contracts/offsite-sync';
import { byteSize, counted, printable, shortDuration, utcTime } from '../../report/format';
import { checkInput } from '../check-input';
import { EXIT } from '../exit-codes';
import { showNotDone } from '../not-done';
import { given, placeFields, type PlaceOptions } from '../offsite-options';
import { runOperation, type OperationEnd, type OperationOptions } from '../operation';
import { namedId, realPath } from '../operation-id';
import { print, printJson, say } from '../output';

export interface OffsiteSyncOptions extends OperationOptions, PlaceOptions {
  delete?: 'never' | 'now' | 'afterPurge';
  dryRun?: boolean;
  maxDelete?: number;
  maxDeletePercent?: number;
  checksum?: boolean;
  allowEmptyDestination?: boolean;
}

export async function offsiteSync(
  sourcePath: string,
  destination: string,
  options: OffsiteSyncOptions,
): Promise<number> {
  const config = loadConfig(process.env, given('stateDir', options.stateDir));
  const limits = { ...given('count', options.maxDelete), ...given('percent', options.maxDeletePercent) };
  const request: OffsiteSyncRequest = {
    // an empty path is refused by the contract; resolved, it would be the current folder
    sourcePath: sourcePath.trim() === '' ? '' : resolve(sourcePath),
    ...placeFields(destination, options),
    ...given('delete', options.delete),
    ...given('dryRun', options.dryRun),
    ...given('checksum', options.checksum),
    ...given('allowEmptyDestination', options.allowEmptyDestination),
    ...(Object.keys(limits).length === 0 ? {} : { maxDeletions: limits }),
  };
  const input = checkInput(offsiteSyncInput, request);
  const what = {
    path: realPath(request.sourcePath),
    destination: realPath(input.destination),
    delete: input.delete,
    dryRun: input.dryRun,
  };
  return runOperation<OffsiteSyncResult>(config, options, {
    noun: 'sync',
    derivedId: namedId('offsite-sync', request.sourcePath, what),
    start: {
      type: 'offsiteSync',
      input: request,
      summary: `Offsite sync of ${request.sourcePath} to ${request.destination}`,
    },
    left: (operationId, note) => ({ status: 'running', operationId, note }),
    finish: (end) => showSyncEnd(end, options.json ?? false),
  });
}

/** @returns the exit code */
export async function showSyncEnd(
  { outcome, page, operationId }: Pick<OperationEnd<OffsiteSyncResult>, 'outcome' | 'page' | 'operationId'>,
  json: boolean,
): Promise<number> {
  if (outcome.kind !== 'done') return showNotDone('Sync', operationId, outcome, json);
  const { result } = outcome;
  if (json) printJson(result);
  else {
    if (result.listFile !== null) await printList(result.listFile);
    print(textOf(result).join('\n'));
    if (page !== null) print(`Temporal: ${page}`);
  }
  return EXIT.done;
}

function textOf(result: OffsiteSyncResult): string[] {
  const { status, sourcePath, destination, files, bytes, deleted, speedUp, seconds, passes, notes } = result;
  const would = status === 'dry-run';
  const line = would ? '' : ` over the line${speedUp === null ? '' : ` (speed-up ${speedUp})`}`;
  return [
    `${would ? 'Would sync' : 'Synced'} ${sourcePath} to ${destination}`,
    `Copied:   ${counted(files, 'file')}, ${byteSize(bytes)}${line}`,
    `Deleted:  ${counted(deleted, 'file or folder', 'files and folders')}`,
    `Took:     ${shortDuration(seconds)}${passes.map((p) => `; ${p.name} ${shortDuration(p.seconds)}`).join('')}`,
    `Copy of:  ${result.lastSuccess === null ? 'no time yet' : utcTime(result.lastSuccess)}`,
    ...notes.map((note) => `Note:     ${note}`),
  ];
}

/** May be longer than memory; names of a hostile store are shown as escapes. */
async function printList(file: string): Promise<void> {
  let rest = '';
  const safe = new Transform({
    decodeStrings: false,
    transform(chunk: string, _encoding, done) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      done(null, lines.map((line) => `${printable(line)}\n`).join(''));
    },
  });
  try {
    await pipeline(createReadStream(file, 'utf8'), safe, process.stdout, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    say(`The list is on the machine of the worker: ${file}`);
  }
}
