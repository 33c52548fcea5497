/**
 * What is in a mailbox: its folders, and the ids of its items. By `SyncRequest` without a token, whose form was read in
 * the server's source and not tried: folders within folders, each with the ids of its items by type.
 */
import { unknownOutput } from '../../carbonio/parse/excerpt';
import { idIn, listOf, type Members } from './json';
import type { AccountSession } from './session';

export type HeldType = 'm' | 'cn' | 'appt' | 'task';
const HELD: readonly HeldType[] = ['m', 'cn', 'appt', 'task'];
/** What a folder may hold beside, and shows as ids. */
const OTHERS = ['chat', 'note', 'doc', 'w', 'c'];

const USER_ROOT = 1;

export interface HeldFolder {
  readonly id: number;
  /** From the top, as `/Work/2024`; the root is empty. */
  readonly path: string;
  /** `message`, `contact`, `appointment`, `task`, …; null when the server does not say. */
  readonly view: string | null;
  /** False for what is of somebody else, or a search. */
  readonly own: boolean;
  /** No item of any kind lies in it. */
  readonly empty: boolean;
}
export interface HeldItem {
  readonly id: number;
  readonly type: HeldType;
}

export interface Snapshot {
  /** Random, and made with the mailbox. */
  readonly instance: string;
  readonly folders: readonly HeldFolder[];
  /** Items by id, ascending. */
  readonly items: readonly HeldItem[];
  /** The highest id of anything that is there: what comes later has a higher one. */
  readonly lastId: number;
}

/** @throws Problem as a session does */
export async function snapshotOf(session: AccountSession): Promise<Snapshot> {
  const root = userRoot(await session.call('Sync', { l: String(USER_ROOT) }));
  if (root === null) throw unknownOutput('The answer to Sync', '');
  const folders: HeldFolder[] = [];
  const items: HeldItem[] = [];
  let lastId = 0;
  const see = (id: number): void => void (lastId = Math.max(lastId, id));
  const visit = (folder: Members, above: string | null, own: boolean): void => {
    const id = idIn(folder, 'Sync');
    see(id);
    const name = typeof folder['name'] === 'string' ? folder['name'] : '';
    const path = above === null ? '' : `${above}/${name}`;
    const held = HELD.flatMap((type) => idsOf(folder, type).map((item) => ({ id: item, type })));
    const others = OTHERS.flatMap((type) => idsOf(folder, type));
    const view = typeof folder['view'] === 'string' ? folder['view'] : null;
    folders.push({ id, path, view, own, empty: held.length + others.length === 0 });
    held.forEach((item) => items.push(item));
    others.forEach(see);
    for (const inner of listOf(folder, 'folder')) visit(inner, path, own);
    for (const kind of ['link', 'search'])
      for (const other of listOf(folder, kind)) visit(other, path, false);
  };
  visit(root, null, true);
  items.forEach(({ id }) => see(id));
  items.sort((a, b) => a.id - b.id);
  const instance = typeof root['uuid'] === 'string' ? root['uuid'] : 'unknown';
  return { instance: `mailbox ${instance}`, folders, items, lastId };
}

/** Above it is only what the server has for itself. */
function userRoot(members: Members): Members | null {
  for (const folder of listOf(members, 'folder')) {
    const found = idIn(folder, 'Sync') === USER_ROOT ? folder : userRoot(folder);
    if (found !== null) return found;
  }
  return null;
}

function idsOf(folder: Members, type: string): number[] {
  return listOf(folder, type).flatMap(({ ids }) => {
    // nothing may be overlooked: an item that is not seen would be delivered again
    if (typeof ids !== 'string' || !/^\d+(,\d+)*$/.test(ids))
      throw unknownOutput('The ids in the answer to Sync', String(ids));
    return ids.split(',').map(Number);
  });
}
