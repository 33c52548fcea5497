/** The log of what is done on a mail host, through a logger of Temporal. */
import type { Logger } from '@temporalio/common';
import type { HostLog } from '../carbonio/runner';

export const hostLog = (logger: Pick<Logger, 'debug' | 'warn'>): HostLog => ({
  debug: (fields, message) => void logger.debug(message, { ...fields }),
  warn: (fields, message) => void logger.warn(message, { ...fields }),
});
