/** Where things are in a Backup Path. Pure: nothing here touches the disk. */
import { join } from 'node:path';

/** Marker file at the root; names the dialect and the server. */
export const MARKER = 'backup.json';
export const ACCOUNTS = 'accounts';
export const BLOBS = 'items';
export const SERVER = 'server';

const ACCOUNT_ID = /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/;
const ITEM_ID = /^[1-9][0-9]{0,9}$/;
const BUCKET = /^[0-9]{2}$/;
const CONFIG = /^config_(\d{2})_(\d{2})_(\d{2})#(\d{2})_(\d{2})_(\d{2})\.json\.gz$/;
const CUSTOMIZATIONS = /^customizations_(\d{2})_(\d{2})_(\d{2})#(\d{2})_(\d{2})_(\d{2})\.tar\.gz$/;

export const isAccountId = (name: string): boolean => ACCOUNT_ID.test(name);
export const isItemId = (name: string): boolean => ITEM_ID.test(name);
export const isBucket = (name: string): boolean => BUCKET.test(name);

/** The folder of an item's metadata: the last two digits of its id, zero-padded ("07" for 7, "57" for 2057). */
export const bucketOf = (itemId: number): string => String(itemId % 100).padStart(2, '0');

/** Paths relative to the root, with `/`. */
export const accountDir = (accountId: string): string => join(ACCOUNTS, safeId(accountId));
export const accountItemsDir = (accountId: string): string => join(ACCOUNTS, safeId(accountId), 'items');
export const itemPath = (accountId: string, itemId: number): string =>
  join(ACCOUNTS, safeId(accountId), 'items', bucketOf(itemId), String(itemId));
/** Ids are checked where they come in; this is for the one that was forgotten. */
function safeId(accountId: string): string {
  if (isAccountId(accountId)) return accountId;
  throw new Error(`${JSON.stringify(accountId)} is no id of an account.`);
}
/** Not by `join`: these are made for every blob, and a digest cannot hold anything to normalise. */
export const blobDir = (digest: string): string => `${BLOBS}/${digest.slice(0, 2)}`;
export const blobPath = (digest: string): string => `${BLOBS}/${digest.slice(0, 2)}/${digest}`;

const pad = (n: number): string => String(n).padStart(2, '0');

/** `dd_MM_yy#HH_mm_ss`, UTC, as the daily archives under server/ are stamped. */
export function archiveStamp(date: Date): string {
  return (
    `${pad(date.getUTCDate())}_${pad(date.getUTCMonth() + 1)}_${pad(date.getUTCFullYear() % 100)}` +
    `#${pad(date.getUTCHours())}_${pad(date.getUTCMinutes())}_${pad(date.getUTCSeconds())}`
  );
}

/** A sortable stamp (yyMMddHHmmss) of an archive's file name, or null when it is none. */
export function archiveOrder(kind: 'config' | 'customizations', fileName: string): string | null {
  const match = (kind === 'config' ? CONFIG : CUSTOMIZATIONS).exec(fileName);
  if (!match) return null;
  const [, day, month, year, hour, minute, second] = match;
  return `${year}${month}${day}${hour}${minute}${second}`;
}
