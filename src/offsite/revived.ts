/** Blobs that were gone when a sync began, and were stored again since. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { NameList, readNames } from './name-list';
import { LISTS } from './lists';
import type { SyncContext } from './sync-context';
import { Breather, isThere } from './walk';

/**
 * Takes those off the list of dead blobs that the source has again. To be done between staging metadata and sending them:
 * what is sent has not changed in the source meanwhile, so each blob that it names is there now, also when it is purged
 * before the blobs are deleted.
 */
export async function dropRevived({ source, place, request, signal }: SyncContext): Promise<void> {
  const file = join(place.workDir, LISTS.deadBlobs);
  if (request.input.delete === 'never' || !existsSync(file)) return;
  const still = new NameList(`${file}.new`);
  const breather = new Breather(signal);
  try {
    for await (const names of readNames(file)) {
      for (const name of names) if (!isThere(source, name)) still.add(name);
      await breather.breathe();
    }
  } finally {
    still.close();
  }
  renameSync(still.file, file);
}
