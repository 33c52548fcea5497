/** The record of the newest finished sync to a destination: what the age of the copy is told by. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { OFFSITE, readRecord, stateProblem, type CopyPlace, type CopyRecord } from './place';

/** Whole or not at all, and durable. @throws Problem `StateUnavailable` */
export function writeRecord({ recordFile, folder }: CopyPlace, record: CopyRecord): void {
  const temporary = `${recordFile}.new`;
  try {
    const fd = openSync(temporary, 'w', 0o600);
    try {
      writeSync(fd, `${JSON.stringify(record, null, 2)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, recordFile);
    const dir = openSync(folder, 'r');
    fsyncSync(dir);
    closeSync(dir);
  } catch (error) {
    throw stateProblem(`${recordFile} cannot be written`, error);
  }
}

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
