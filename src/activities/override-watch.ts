/** What a worker does by itself for settings that were changed and forgotten: at its start, and now and then. */
import type { Client } from '@temporalio/client';
import type { Logger } from '@temporalio/worker';
import type { Config } from '../config';
import { HostOverrides } from '../overrides/host';
import { isNews, reviewOverrides } from '../overrides/review';
import { hostLog } from './host-log';
import { holderIsRunning } from './override';

const LOOK_EVERY_MS = 60_000;

/**
 * @param realm id of the namespace that the client is for
 * @returns how to end it; a look that is under way goes on
 */
export function watchOverrides(config: Config, client: Client, realm: string, logger: Logger): () => void {
  const overrides = new HostOverrides(config, hostLog(logger));
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      for (const one of await reviewOverrides(overrides, holderIsRunning(client, realm)))
        if (isNews(one)) logger.warn(`an override was on record: ${one.outcome}`, { ...one });
    } catch (error) {
      // the next look is in a minute, and the guard and the watchdog look too
      logger.warn('the overrides of this host could not be looked at', { error });
    } finally {
      looking = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
