/** The best content that a Backup Path has of an item. */
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { Defect, broken } from '../backup-path/defect';
import { itemPath } from '../backup-path/layout';
import { carriesBlob, type ItemState, type ItemType } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { salvage } from './salvage';
import type { RescueStatus } from './model';

export interface Content {
  readonly status: Exclude<RescueStatus, 'lost' | 'no-content'>;
  /** Null when the metadata are damaged. */
  readonly state: ItemState | null;
  /** May be opened again. */
  open(): Readable;
}
export interface Search {
  /** Null: nothing is left. */
  readonly content: Content | null;
  /** What is wrong with the current state. */
  readonly defect: Defect | null;
  /** Null when the metadata are damaged. */
  readonly type: ItemType | null;
}

/** Raw metadata that are looked through for names of blobs. Bytes. */
const METADATA_LIMIT = 8 * 1024 * 1024;
const DIGESTS = /"(?<digest>[A-Za-z0-9+,]{43}=|[A-Za-z0-9+,]{64})"/g;

/**
 * The newest state whose blob verifies; else what is left of the newest one of which anything is.
 * @throws Problem `SourceUnavailable`
 */
export async function findContent(store: BackupPath, accountId: string, item: number): Promise<Search> {
  let states: ItemState[];
  try {
    states = store.itemById(accountId, item);
  } catch (error) {
    const defect = asDefect(store, error);
    return { defect, content: await fromRawMetadata(store, accountId, item), type: null };
  }
  const current = states.at(-1) as ItemState;
  const { type } = current;
  const newestFirst = [...states].reverse();
  let first: Defect | null = null;
  for (const state of newestFirst) {
    if (state.digest === null) {
      if (state === current && carriesBlob(state.type))
        first = broken(`a ${state.type} without a digest`, store.files.absolute(itemPath(accountId, item)));
      continue;
    }
    try {
      const blob = await store.blobs.load(state.digest);
      const status = state === current ? 'intact' : 'older-state';
      const open = (): Readable => (blob.kind === 'memory' ? Readable.from([blob.bytes]) : blob.open());
      return { defect: first, content: { status, state, open }, type };
    } catch (error) {
      const defect = asDefect(store, error);
      first ??= defect;
    }
  }
  for (const state of newestFirst) {
    if (state.digest === null) continue;
    const { digest, size } = state;
    const open = (): Readable => salvage(store, digest, size);
    if (await holdsAnything(open()))
      return { defect: first, content: { status: 'salvaged', state, open }, type };
  }
  return { defect: first, content: null, type };
}

function asDefect(store: BackupPath, error: unknown): Defect {
  if (!(error instanceof Defect)) throw error;
  if (error.kind === 'read') store.assertThere();
  return error;
}

/**
 * Damaged metadata may still name blobs. That their content is that of the item nothing proves, even where their
 * digest proves the content: so it counts as salvaged.
 */
async function fromRawMetadata(store: BackupPath, accountId: string, item: number): Promise<Content | null> {
  let text: string;
  try {
    const relative = itemPath(accountId, item);
    store.files.checkFolder(dirname(relative));
    text = store.files.read(store.files.absolute(relative), METADATA_LIMIT).toString('latin1');
  } catch (error) {
    asDefect(store, error);
    return null;
  }
  const named = [...text.matchAll(DIGESTS)].map(({ groups }) => groups?.digest ?? '');
  const digests = [...new Set(named)].reverse();
  const salvaged = (open: () => Readable): Content => ({ status: 'salvaged', state: null, open });
  for (const digest of digests) {
    try {
      const blob = await store.blobs.load(digest);
      return salvaged(() => (blob.kind === 'memory' ? Readable.from([blob.bytes]) : blob.open()));
    } catch (error) {
      asDefect(store, error);
    }
  }
  for (const digest of digests) {
    const open = (): Readable => salvage(store, digest, 0);
    if (await holdsAnything(open())) return salvaged(open);
  }
  return null;
}

async function holdsAnything(content: Readable): Promise<boolean> {
  for await (const chunk of content) if ((chunk as Buffer).length > 0) return true;
  return false;
}
