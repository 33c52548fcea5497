/** What a Backup Path says, in our own terms, whatever dialect it is written in. */

export type ItemType =
  'message' | 'contact' | 'appointment' | 'task' | 'document' | 'folder' | 'tag' | 'mountpoint';

/** Types that never have a blob; they are counted apart from the items. */
const BLOBLESS: ReadonlySet<ItemType> = new Set(['folder', 'tag', 'mountpoint']);
export const carriesBlob = (type: ItemType): boolean => !BLOBLESS.has(type);

export type Attributes = Record<string, string | string[]>;

export interface Marker {
  readonly serverId: string;
  readonly serverName: string;
  readonly createdAt: number | null;
}

export interface ItemState {
  /** Epoch milliseconds. */
  readonly start: number;
  /** Null in the current state. */
  readonly end: number | null;
  readonly type: ItemType;
  readonly deleted: boolean;
  /** Id of the folder it is in; for a folder, of its parent. */
  readonly folder: number;
  readonly name: string | null;
  readonly flags: string;
  readonly tags: readonly string[];
  /** Delivery date, epoch milliseconds. */
  readonly date: number;
  /** Bytes, as the metadata says; the blob may differ. */
  readonly size: number;
  readonly digest: string | null;
}

export type AccountStatus = 'active' | 'locked' | 'closed' | 'deleted';

export interface AccountInfo {
  readonly id: string;
  readonly name: string;
  readonly status: AccountStatus;
  readonly system: boolean;
  readonly cos: string | null;
  readonly aliases: readonly string[];
  readonly displayName: string | null;
  readonly passwordHash: string | null;
  readonly attributes: Attributes;
  readonly signatures: readonly { name: string; html: string }[];
  readonly dataSources: readonly { name: string; type: string; host: string; user: string }[];
  readonly shares: readonly { folderId: number; grantee: string; rights: string }[];
  readonly backupEnabled: boolean;
  readonly createdAt: number | null;
  readonly deletedAt: number | null;
}

export interface AccountStat {
  readonly lastItemId: number;
  readonly items: number;
  readonly lastScan: number | null;
}

interface Named {
  readonly id: string;
  readonly name: string;
  readonly attributes: Attributes;
}

export interface ServerConfig {
  readonly server: { readonly name: string; readonly attributes: Attributes };
  readonly global: { readonly attributes: Attributes };
  readonly domains: readonly Named[];
  readonly coses: readonly (Named & { readonly backupEnabled: boolean })[];
  readonly distributionLists: readonly (Named & { readonly members: readonly string[] })[];
}

/** The documents of a store, by the name under which a dialect describes them. */
export interface Documents {
  marker: Marker;
  account: AccountInfo;
  accountStat: AccountStat;
  state: ItemState;
  serverConfig: ServerConfig;
}
