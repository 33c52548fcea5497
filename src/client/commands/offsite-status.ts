/** `lifeboat offsite status`: how old the copies are. */
import { loadConfig } from '../../config';
import { explain, Problem } from '../../failures';
import { byteSize, counted, shortDuration, utcTime } from '../../report/format';
import { CopyPlace, destinationOf, type CopyRecord } from '../../offsite/place';
import { listRecords } from '../../offsite/record';
import { EXIT } from '../exit-codes';
import { given, placeFields } from '../offsite-options';
import { print, printJson, say } from '../output';

export interface OffsiteStatusOptions {
  maxAge?: number;
  stateDir?: string;
  json?: boolean;
}

export function offsiteStatus(destination: string | undefined, options: OffsiteStatusOptions): number {
  const { stateDir } = loadConfig(process.env, given('stateDir', options.stateDir));
  const unusable: string[] = [];
  const onUnusable = (error: unknown): void => {
    if (!(error instanceof Problem)) throw error;
    unusable.push(explain(error.type, error.message));
  };
  const records =
    destination === undefined ? listRecords(stateDir, onUnusable) : oneRecord(stateDir, destination);
  const now = Date.now();
  const copies = records.map((record) => withAge(record, now, options.maxAge));
  for (const what of unusable) say(what);
  if (options.json) printJson({ stateDir, copies, unusable });
  else if (copies.length === 0 && unusable.length === 0) say(`No finished sync is on record in ${stateDir}.`);
  else print(copies.map(textOf).join('\n'));
  const wanted = destination !== undefined || options.maxAge !== undefined;
  const missing = wanted && copies.length === 0;
  return missing || unusable.length > 0 || copies.some(({ tooOld }) => tooOld) ? EXIT.partial : EXIT.done;
}

function oneRecord(stateDir: string, destination: string): CopyRecord[] {
  const { destination: text } = placeFields(destination, {});
  const record = new CopyPlace(stateDir, destinationOf(text)).record();
  return record === null ? [] : [record];
}

interface Copy extends CopyRecord {
  /** Null: not known. */
  readonly ageSeconds: number | null;
  readonly tooOld: boolean;
}

function withAge(record: CopyRecord, now: number, maxAge = Infinity): Copy {
  const { lastSuccess } = record;
  if (lastSuccess === null) return { ...record, ageSeconds: null, tooOld: true };
  const ageSeconds = Math.max(0, Math.round((now - Date.parse(lastSuccess)) / 1000));
  return { ...record, ageSeconds, tooOld: ageSeconds > maxAge };
}

function textOf(copy: Copy): string {
  const { destination, sourcePath, lastSuccess, lastDelete, ageSeconds, files, bytes, deleted, tooOld } =
    copy;
  const newest =
    lastSuccess === null || ageSeconds === null
      ? 'NOT KNOWN: what is there is not what the newest sync left. Sync again'
      : `${utcTime(lastSuccess)}, ${shortDuration(ageSeconds)} old${tooOld ? ': TOO OLD' : ''}`;
  return [
    `${destination}  copy of ${sourcePath}`,
    `  newest copy: ${newest}`,
    `  that sync: ${counted(files, 'file')} copied, ${byteSize(bytes)}, ${deleted} deleted`,
    `  last sync that deleted: ${lastDelete === null ? 'none' : utcTime(lastDelete)}`,
  ].join('\n');
}
