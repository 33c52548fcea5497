/** Exports the items of one account, from where an earlier attempt stopped. */
import { broken, Defect } from '../backup-path/defect';
import { accountDir, itemPath } from '../backup-path/layout';
import type { ItemState } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { walkItems, type Cursor, type WalkEntry } from '../backup-path/walk';
import type { SourceGuard } from '../restore/source-guard';
import type { Batch } from './batch';
import {
  addCounts,
  FINDINGS_KEPT,
  zeroCounts,
  type AccountProgress,
  type ExportFinding,
  type PlannedAccount,
} from './model';

/** What a kill redoes at most. */
const BATCH_ITEMS = 200;
const BATCH_BYTES = 64 * 1024 * 1024;
/** As a reader's limit for metadata, bytes. */
const METADATA_LIMIT = 8 * 1024 * 1024;

export interface AccountEnv {
  readonly store: BackupPath;
  readonly guard: SourceGuard;
  readonly batch: Batch;
  readonly save: (progress: AccountProgress) => void;
  readonly shouldStop: () => boolean;
}

/** @returns whether the account is done */
export async function exportAccount(
  env: AccountEnv,
  { id }: PlannedAccount,
  progress: AccountProgress,
): Promise<boolean> {
  const { store, batch, guard } = env;
  const walk = walkItems(store, id, progress.cursor);
  for (;;) {
    // what failed in a streak that still grows is not certain: it is not saved, and not the end of a work unit
    if (guard.streak === 0 && env.shouldStop()) return false;
    let ended = false;
    let cursor: Cursor = progress.cursor;
    for (let n = 0; n < BATCH_ITEMS && batch.bytes < BATCH_BYTES; n++) {
      const next = walk.next();
      ended = next.done === true;
      if (next.done) break;
      await exportEntry(env, id, next.value, progress);
      ({ cursor } = next.value);
    }
    if (ended) {
      // a store that went away looks like an account without items
      store.assertThere();
      copyAccountFiles(env, id, progress);
    }
    addCounts(progress.counts, { ...zeroCounts(), ...(await batch.commit()) });
    progress.cursor = cursor;
    progress.done = ended;
    if (ended || guard.streak === 0) env.save(progress);
    if (ended) return true;
  }
}

async function exportEntry(
  env: AccountEnv,
  account: string,
  entry: WalkEntry,
  progress: AccountProgress,
): Promise<void> {
  const { counts } = progress;
  const item = entry.kind === 'folder' ? 0 : entry.id;
  counts.items++;
  try {
    if (entry.kind === 'folder') throw entry.defect;
    if (entry.kind === 'misplaced') throw broken('a metadata file in the folder of other ids', entry.path);
    counts[await exportItem(env, account, entry.id, progress)]++;
    env.guard.ok('blob');
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    env.guard.failed(error, 'blob');
    counts.damaged++;
    note(progress, { account, item, class: error.kind, reason: error.message });
  }
}

/** All states whose content is intact; without its current one an item is no such item, and is left out. */
async function exportItem(
  { store, batch }: AccountEnv,
  account: string,
  item: number,
  progress: AccountProgress,
): Promise<'written' | 'unchanged'> {
  const relative = itemPath(account, item);
  const raw = store.files.read(store.files.absolute(relative), METADATA_LIMIT);
  if (batch.has(relative, raw)) return 'unchanged';
  const states = store.statesIn(raw, store.files.absolute(relative));
  const intact: ItemState[] = [];
  for (const [at, state] of states.entries()) {
    try {
      if (state.digest !== null) await batch.blob(state.digest);
      intact.push(state);
    } catch (error) {
      if (!(error instanceof Defect) || at === states.length - 1) throw error;
      if (error.kind === 'read') store.assertThere();
      const reason = `an earlier state is left out: ${error.message}`;
      note(progress, { account, item, class: error.kind, reason });
    }
  }
  const content =
    intact.length === states.length
      ? raw
      : Buffer.from(JSON.stringify(intact.map((state) => store.dialect.encode('state', state))));
  if (intact.length < states.length && batch.has(relative, content)) return 'unchanged';
  batch.file(relative, content);
  return 'written';
}

/** Last of all: an account that is there is whole. */
function copyAccountFiles({ store, batch }: AccountEnv, account: string, progress: AccountProgress): void {
  const read = (name: string): Buffer =>
    store.files.read(store.files.absolute(`${accountDir(account)}/${name}`), METADATA_LIMIT);
  for (const name of ['account_info', 'account_stat'])
    try {
      batch.file(`${accountDir(account)}/${name}`, read(name));
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      store.assertThere();
      if (name === 'account_info' || error.code !== 'ENOENT')
        note(progress, { account, item: 0, class: error.kind, reason: error.message });
    }
}

function note({ findings }: AccountProgress, finding: ExportFinding): void {
  if (findings.length < FINDINGS_KEPT) findings.push(finding);
}
