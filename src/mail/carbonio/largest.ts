/** The largest message that the server takes. */
import { isFault } from './fault';
import { attributeIn } from './json';
import type { CarbonioClient } from './session';

/** Limits uploads, by the server's source; 0 is no limit there. */
const ATTRIBUTE = 'zimbraMtaMaxMessageSize';
/** Where there is no limit, or none that we may see: more does not get there within the time of an exchange. Bytes. */
const AT_ALL = 1024 ** 3;

/**
 * Bytes. A server may end the connection in the middle of more, which would look like an outage and be tried for ever.
 * @throws Problem when the server cannot be asked
 */
export async function largestMessage(client: CarbonioClient): Promise<number> {
  try {
    const answer = await client.admin('GetConfig', { a: { n: ATTRIBUTE } });
    const bytes = Number(attributeIn(answer, ATTRIBUTE)[0] ?? 0);
    return bytes > 0 ? Math.min(bytes, AT_ALL) : AT_ALL;
  } catch (error) {
    // an administrator who may log in for others need not be one who may see the configuration
    if (isFault(error)) return AT_ALL;
    throw error;
  }
}
