/** What a mailbox is made of, for the SOAP service (mail-box.ts). */
import { randomUUID } from 'node:crypto';

export type BoxType = 'm' | 'cn' | 'appt' | 'task';
export interface BoxFolder {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  /** Id of the folder above; 0 for the root. */
  readonly l: number;
  view: string;
  readonly grants: { gt: string; d: string; perm: string }[];
}
export interface BoxItem {
  readonly id: number;
  readonly type: BoxType;
  readonly l: number;
  readonly f: string;
  tags: string[];
  /** Epoch milliseconds. */
  readonly date: number;
  /** Of a calendar entry. */
  readonly uid?: string;
  /** Relative to the account's folder. */
  readonly file: string;
}
export interface BoxFile {
  readonly folders: BoxFolder[];
  readonly tags: { id: number; name: string }[];
  readonly dataSources: Record<string, unknown>[];
}

/** Ids of the mail-server reference; 15 by the format of the Backup Path. */
export const SYSTEM: readonly [number, string, string][] = [
  [2, 'Inbox', 'message'],
  [3, 'Trash', 'message'],
  [4, 'Junk', 'message'],
  [5, 'Sent', 'message'],
  [6, 'Drafts', 'message'],
  [7, 'Contacts', 'contact'],
  [10, 'Calendar', 'appointment'],
  [13, 'Emailed Contacts', 'contact'],
  [14, 'Chats', 'message'],
  [15, 'Tasks', 'task'],
];
export const FIRST_ID = 257;

/** A mailbox as it is when nobody has touched it. */
export function freshBox(): BoxFile {
  const root = { id: 1, uuid: randomUUID(), name: 'USER_ROOT', l: 0, view: '', grants: [] };
  const folders = SYSTEM.map(([id, name, view]) => ({
    id,
    uuid: randomUUID(),
    name,
    l: 1,
    view,
    grants: [],
  }));
  return { folders: [root, ...folders], tags: [], dataSources: [] };
}
