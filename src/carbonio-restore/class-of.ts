/** Why the mail host did not restore an item, which it does not say: told by reading what it would have read. */
import { basename } from 'node:path';
import { finished } from 'node:stream/promises';
import { BlobReader } from '../backup-path/blob';
import { Defect } from '../backup-path/defect';
import { carriesBlob } from '../backup-path/model';
import { isItemId } from '../backup-path/layout';
import { SafeFiles } from '../backup-path/safe-fs';
import type { BackupPath } from '../backup-path/store';
import type { Blob } from '../backup-path/blob';
import type { Finding } from '../report/model';
import { measured } from '../restore/measured';

const REFUSED = 'the content is intact, and the mail host refuses it';

/** Of a store whose metadata can be read. */
export async function classOf(store: BackupPath, accountId: string, item: number): Promise<Finding> {
  try {
    if (!isItemId(String(item))) return unclassed(item, 'it has no id of an item');
    const state = store.itemById(accountId, item).at(-1);
    if (state === undefined || !carriesBlob(state.type) || state.digest === null) {
      return unclassed(item, 'it has no content that could be read');
    }
    return { item, class: 'invalid', reason: await reasonOf(await store.blobs.load(state.digest)) };
  } catch (error) {
    return defectFinding(error, item, (defect) => store.evidenceOf(defect));
  }
}

/** Of a store whose metadata cannot be read by us: by the blob that the mail host names. */
export async function classOfBlob(root: string, item: number, blobPath: string | null): Promise<Finding> {
  if (blobPath === null) return unclassed(item, 'the mail host names no content of it');
  try {
    const blob = await new BlobReader(new SafeFiles(root)).load(basename(blobPath));
    return { item, class: 'invalid', reason: await reasonOf(blob) };
  } catch (error) {
    return defectFinding(error, item, (defect) => defect.evidence);
  }
}

export const unclassed = (item: number, why: string): Finding => ({
  item,
  class: 'unclassed',
  reason: `not classed: ${why}`,
});

function defectFinding(
  error: unknown,
  item: number,
  evidence: (defect: Defect) => Finding['evidence'],
): Finding {
  if (!(error instanceof Defect)) throw error;
  const found = evidence(error);
  return {
    item,
    class: error.kind,
    reason: error.message,
    ...(found === undefined ? {} : { evidence: found }),
  };
}

async function reasonOf(blob: Blob): Promise<string> {
  const { of, longest } = measured(blob);
  if (of.kind === 'stream') await finished(of.open().resume());
  const bytes = longest();
  return bytes > 0 ? `${REFUSED}: it has a line of ${bytes} bytes` : REFUSED;
}
