/** Items that the target does not take, written as files beside the report. */
import { createWriteStream, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Blob } from '../backup-path/blob';
import { Defect } from '../backup-path/defect';
import type { ItemType } from '../backup-path/model';
import { Problem } from '../failures';

export const EXTENSIONS: Partial<Record<ItemType, string>> = {
  message: 'eml',
  contact: 'vcf',
  appointment: 'ics',
  task: 'ics',
  document: 'bin',
};

/**
 * Saves the content of an item under `<reportDir>/<kind>/<account id>/<item id>.<extension>`. Written again, it is
 * replaced by the same. The names are ours: nothing of the item's own name is used in the path.
 * @returns the path relative to the report's folder
 */
export async function saveItem(
  reportDir: string,
  kind: 'unsupported' | 'invalid',
  accountId: string,
  item: { id: number; type: ItemType },
  blob: Blob,
): Promise<string> {
  const folder = join(kind, accountId);
  const relative = join(folder, `${item.id}.${EXTENSIONS[item.type] ?? 'bin'}`);
  const path = join(reportDir, relative);
  const temporary = `${path}.tmp`;
  try {
    mkdirSync(join(reportDir, folder), { recursive: true, mode: 0o700 });
    if (blob.kind === 'memory') writeFileSync(temporary, blob.bytes, { mode: 0o600 });
    else await pipeline(blob.open(), createWriteStream(temporary, { mode: 0o600 }));
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (error instanceof Defect) throw error;
    throw new Problem(
      'StateUnavailable',
      `${path} cannot be written: ${(error as Error).message}.`,
      { path },
      { cause: error },
    );
  }
  return relative;
}
