/** Whether a folder can be restored from, and how old what it holds is. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../backup-path/defect';
import { accountItemsDir, ACCOUNTS } from '../backup-path/layout';
import { BackupPath } from '../backup-path/store';
import type { Candidate, SourceKind } from '../contracts/disaster-recovery';
import { Problem } from '../failures';
import { printable } from '../report/format';

/** Reads folders only: seconds even for millions of items. Never throws for what is wrong with the source. */
export async function examineSource(kind: SourceKind, path: string): Promise<Candidate> {
  const unusable = (defect: string): Candidate => ({
    ...{ kind, path, usable: false, defect },
    ...{ serverName: null, accounts: null, newest: null },
  });
  let store: BackupPath;
  try {
    store = BackupPath.open(path);
  } catch (error) {
    if (error instanceof Problem) return unusable(printable(error.message));
    throw error;
  }
  try {
    const { ids } = store.accountIds();
    if (ids.length === 0) return unusable('It holds no account.');
    const newest = await newestChange(store, ids);
    return {
      ...{
        kind,
        path,
        usable: true,
        defect: null,
        serverName: printable(store.marker.serverName),
        accounts: ids.length,
      },
      newest: newest === null ? null : new Date(newest).toISOString(),
    };
  } catch (error) {
    return unusable(`Its accounts cannot be listed: ${printable((error as Error).message)}.`);
  }
}

/** A changed metadata file is renamed into its folder, which sets the folder's time; copies by rsync keep it. Milliseconds. */
async function newestChange(store: BackupPath, ids: readonly string[]): Promise<number | null> {
  let newest: number | null = null;
  for (const id of ids) {
    // on a slow volume it takes long, and the step must say meanwhile that it lives
    await new Promise(setImmediate);
    const items = store.files.absolute(accountItemsDir(id));
    for (const folder of [...buckets(items), store.files.absolute(join(ACCOUNTS, id))]) {
      const at = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (at > (newest ?? 0)) newest = at;
    }
  }
  return newest;
}

function buckets(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch (error) {
    // the verification names what cannot be read
    if (errorCode(error) !== undefined) return [];
    throw error;
  }
}
