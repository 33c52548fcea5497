/** How the files that Lifeboat delivers are called, so that they are known again. */

const KEY = '[0-9a-f]{24}';
const ID = '0|[1-9][0-9]{0,15}';
const DELIVERED = new RegExp(`^(${ID})\\.L(${KEY})\\.lifeboat$`);
const TEMPORARY = new RegExp(`^(?:(?:${ID})\\.L${KEY}|keywords)\\.lifeboat\\.[0-9a-f]{12}$`);

/** A function of source server, account and item: the same message always has the same name. */
export function baseName(message: { itemId: number; key: string }): string {
  return `${message.itemId}.L${message.key}.lifeboat`;
}

/** What is before the flags in a file name. */
export function withoutFlags(fileName: string): string {
  const colon = fileName.indexOf(':');
  return colon === -1 ? fileName : fileName.slice(0, colon);
}

/** Which message of ours has this base name, or null for any other's. */
export function parseBaseName(base: string): { itemId: number; key: string } | null {
  const match = DELIVERED.exec(base);
  if (match === null) return null;
  const itemId = Number(match[1]);
  return Number.isSafeInteger(itemId) ? { itemId, key: match[2] ?? '' } : null;
}

/** Whether a file in a folder's `tmp` is one of ours: a list of keywords, or a message that `isOurs` knows. */
export function isOurTemporary(fileName: string, isOurs: (itemId: number, key: string) => boolean): boolean {
  if (!TEMPORARY.test(fileName)) return false;
  const message = parseBaseName(fileName.slice(0, fileName.lastIndexOf('.')));
  return message === null || isOurs(message.itemId, message.key);
}
