/** invalid-items.txt: what was changed to restore the invalid items of a report, how it went back, and what is left. */
import { join } from 'node:path';
import type { RestoreInvalidItemsResult } from '../contracts/restore-invalid-items';
import { writeDurably } from '../host/durable-file';
import { invalidText } from '../report/invalid-text';
import { leftOf } from './invalid';

export interface InvalidReportInput {
  readonly list: string;
  readonly reportDir: string;
  /** Without the counts. */
  readonly result: RestoreInvalidItemsResult;
}

type Counts = Pick<RestoreInvalidItemsResult, 'restored' | 'unrestored' | 'stillInvalid'>;

/** @throws Problem as `leftOf`, `StateUnavailable` */
export function reportInvalid({ list, reportDir, result }: InvalidReportInput): Counts {
  const { unrestored, stillInvalid } = leftOf(list, reportDir);
  const counts = { restored: result.items - unrestored, unrestored, stillInvalid };
  writeDurably(join(reportDir, 'invalid-items.txt'), `${invalidText({ ...result, ...counts }).join('\n')}\n`);
  return counts;
}
