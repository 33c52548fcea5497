/** What the server's directory has: domains, classes of service, lists, accounts. */
import { isFault } from './fault';
import { firstOf, textIn, type Members } from './json';
import type { CarbonioClient } from './session';

const NOT_THERE = [
  'account.NO_SUCH_ACCOUNT',
  'account.NO_SUCH_DOMAIN',
  'account.NO_SUCH_COS',
  'account.NO_SUCH_DISTRIBUTION_LIST',
];

/**
 * In `zimbraNotes` while something is being made: an interrupted run leaves it, and the next one completes what it finds
 * so. Everything else that is there is left alone.
 */
export const UNFINISHED = 'Lifeboat is still completing this';

/** What the server knows under a name or an id; null when it knows nothing. */
export async function lookUp(
  client: CarbonioClient,
  request: 'GetDomain' | 'GetCos' | 'GetAccount' | 'GetDistributionList',
  member: string,
  name: string,
  by: 'name' | 'id' = 'name',
): Promise<(Members & { id: string; name: string }) | null> {
  try {
    const answer = await client.admin(request, { [member]: { by, _content: name } });
    const found = firstOf(answer, member, request);
    return { ...found, id: textIn(found, 'id', request), name: textIn(found, 'name', request) };
  } catch (error) {
    if (isFault(error, ...NOT_THERE)) return null;
    throw error;
  }
}
