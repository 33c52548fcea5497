/** What a worker tells of the offsite copies of this machine by itself: how old each is, which is what would be lost. */
import type { MetricMeter } from '@temporalio/common';
import type { Logger } from '@temporalio/worker';
import { listRecords } from '../offsite/record';

/** A scrape is at most this much behind. */
const LOOK_EVERY_MS = 2_000;

/**
 * Keeps two gauges for each destination that has a finished sync on record in the state folder; its label is
 * `destination`, as it was written. `lifeboat_offsite_copy_timestamp_seconds`: start of the newest finished sync, seconds
 * since 1970; 0 while the age of the copy is not known. `lifeboat_offsite_copy_age_seconds`: seconds since then.
 *
 * A record that can no longer be read does not stop the age from growing: an alarm on it must come all the same.
 *
 * @returns how to end it
 */
export function measureCopies(stateDir: string, meter: MetricMeter, logger: Logger): () => void {
  const timestamp = meter.createGauge(
    'lifeboat_offsite_copy_timestamp_seconds',
    'int',
    's',
    'Start of the newest finished sync to this destination, seconds since 1970',
  );
  const age = meter.createGauge(
    'lifeboat_offsite_copy_age_seconds',
    'int',
    's',
    'Age of the newest offsite copy: what was written after it would be lost',
  );
  const newest = new Map<string, number>();
  const look = (): void => {
    const unreadable = (error: unknown): void => {
      logger.warn('the age of an offsite copy could not be read', { error });
    };
    try {
      for (const { destination, lastSuccess } of listRecords(stateDir, unreadable))
        newest.set(destination, lastSuccess === null ? 0 : Date.parse(lastSuccess));
    } catch (error) {
      unreadable(error);
    }
    for (const [destination, at] of newest) {
      timestamp.set(Math.floor(at / 1000), { destination });
      age.set(Math.max(0, Math.round((Date.now() - at) / 1000)), { destination });
    }
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
