/** The record of the newest finished sync to a destination: what the age of the copy is told by. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../host/durable-file';
import { OFFSITE, readRecord, stateProblem, type CopyPlace, type CopyRecord } from './place';

/** @throws Problem `StateUnavailable` */
export const writeRecord = ({ recordFile }: CopyPlace, record: CopyRecord): void =>
  writeDurably(recordFile, `${JSON.stringify(record, null, 2)}\n`);

/**
 * Of every destination that was synced from this machine, by destination.
 * @param onUnusable told of each record that cannot be read or understood; the others are answered all the same
 */
export function listRecords(stateDir: string, onUnusable: (error: unknown) => void): CopyRecord[] {
  const root = join(stateDir, OFFSITE);
  let folders: string[];
  try {
    folders = readdirSync(root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw stateProblem(`${root} cannot be listed`, error);
  }
  return folders
    .map((name) => {
      try {
        return readRecord(join(root, name, 'record.json'));
      } catch (error) {
        onUnusable(error);
        return null;
      }
    })
    .filter((record) => record !== null)
    .sort((a, b) => (a.destination < b.destination ? -1 : 1));
}
