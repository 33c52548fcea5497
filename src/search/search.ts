/** Looks through the items of an account, one metadata file at a time; there is no index. */
import { Defect } from '../backup-path/defect';
import { carriesBlob, type ItemState, type ItemType } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { walkItems } from '../backup-path/walk';
import { contentHead } from './content-head';
import { FolderPaths } from './folder-paths';
import { aboutOf, type About } from './headers';

/** All that is given must hold. Texts are parts of the value, in any case. */
export interface Criteria {
  readonly items?: readonly number[] | undefined;
  readonly subject?: string | undefined;
  readonly sender?: string | undefined;
  /** Of delivery, epoch milliseconds, both included. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Id or path (`Inbox/Work`), with what is below it. */
  readonly folder?: string | undefined;
  readonly type?: ItemType | undefined;
  readonly deleted?: boolean | undefined;
}

export type Found =
  | ({
      readonly kind: 'item';
      readonly item: number;
      readonly state: ItemState;
      readonly folder: string;
    } & About)
  /** Its metadata cannot be used: whether it fits is not known. */
  | { readonly kind: 'unreadable'; readonly item: number; readonly defect: Defect };

/** Items by their current state, in the order of the folders of their metadata. @throws Problem `SourceUnavailable` */
export function* search(store: BackupPath, accountId: string, criteria: Criteria): Generator<Found> {
  const folders = new FolderPaths(store, accountId);
  const wanted = criteria.items === undefined ? null : new Set(criteria.items);
  for (const entry of walkItems(store, accountId)) {
    if (entry.kind === 'folder') {
      store.assertThere();
      yield { kind: 'unreadable', item: 0, defect: entry.defect };
      continue;
    }
    if (entry.kind === 'misplaced' || (wanted && !wanted.has(entry.id))) continue;
    let state: ItemState;
    try {
      state = store.itemStates(entry.path).at(-1) as ItemState;
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      store.assertThere();
      yield { kind: 'unreadable', item: entry.id, defect: error };
      continue;
    }
    if (!fitsState(state, criteria)) continue;
    const folder = folders.of(state.folder);
    if (criteria.folder !== undefined && !isBelow(state.folder, folder, criteria.folder)) continue;
    const about = aboutState(store, state);
    if (has(about.subject, criteria.subject) && has(about.sender, criteria.sender))
      yield { kind: 'item', item: entry.id, state, folder, ...about };
  }
}

function fitsState(state: ItemState, { type, deleted, since, until }: Criteria): boolean {
  const date = state.date || state.start;
  return (
    (type === undefined || state.type === type) &&
    (deleted === undefined || state.deleted === deleted) &&
    (since === undefined || date >= since) &&
    (until === undefined || date <= until)
  );
}

function isBelow(id: number, path: string, wanted: string): boolean {
  if (String(id) === wanted) return true;
  const [have, want] = [path, wanted.replace(/^\/+|\/+$/g, '')].map((text) => text.toLowerCase());
  return have === want || (have ?? '').startsWith(`${want}/`);
}

function aboutState(store: BackupPath, { type, name, digest }: ItemState): About {
  if (!carriesBlob(type) || type === 'document') return { subject: name, sender: null };
  const head = digest === null ? null : contentHead(store.files, digest);
  return head === null ? { subject: name, sender: null } : aboutOf(type, head);
}

const has = (value: string | null, wanted: string | undefined): boolean =>
  wanted === undefined || (value?.toLowerCase().includes(wanted.toLowerCase()) ?? false);
