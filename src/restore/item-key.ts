/** The name under which an item is known in a target. */
import { createHash } from 'node:crypto';

/**
 * A function of source server, account and item alone, so that every attempt of every run makes the same. In a folder of
 * its own (null: where it was) an item is another message than in its place: both may be there.
 */
export function itemKeyOf(
  serverId: string,
  accountId: string,
  itemId: number,
  folder: string | null = null,
): string {
  const place = folder === null ? '' : `\n${folder}`;
  const name = `${serverId}\n${accountId}\n${itemId}${place}`;
  return createHash('sha256').update(name).digest('hex').slice(0, 24);
}
