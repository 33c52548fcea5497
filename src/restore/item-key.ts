/** The name under which an item is known in a target. */
import { createHash } from 'node:crypto';

/** A function of source server, account and item alone, so that every attempt of every run makes the same. */
export function itemKeyOf(serverId: string, accountId: string, itemId: number): string {
  return createHash('sha256').update(`${serverId}\n${accountId}\n${itemId}`).digest('hex').slice(0, 24);
}
