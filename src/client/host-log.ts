/** What commands of the mail host have to say, for commands that call them without a worker. */
import type { HostLog } from '../carbonio/runner';
import { say } from './output';

export const hostLog = (): HostLog => ({
  debug: () => undefined,
  warn: (fields, message) => say(`${message} ${JSON.stringify(fields)}`),
});
