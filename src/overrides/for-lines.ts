/** Which change of the validator lets given items pass. */
import { LINE_LENGTH_KEY, MOST_LINE_LENGTH, validatorChange, type Setting } from '../contracts/override';
import type { LongestLine } from '../contracts/restore-invalid-items';
import { Problem } from '../failures';
import type { ValidatorRule } from './validator';

export interface Wish {
  readonly disable: boolean;
  /** Bytes; default: the longest line. */
  readonly lineLimit?: number | undefined;
}

/** `why`: why this is changed, or why nothing is. */
export interface ChangeForLines {
  readonly change: { readonly key: string; readonly wanted: Setting } | null;
  readonly why: string;
}

/**
 * Never a lower limit than there is.
 * @throws Problem `LineTooLong` when the limit would have to be raised too far
 */
export function changeFor(
  longest: LongestLine | null,
  { disable, lineLimit }: Wish,
  rule: ValidatorRule,
): ChangeForLines {
  if (!rule.validates) return { change: null, why: 'the validator of the mail host is off already' };
  if (disable) return { change: validatorChange({}), why: 'it was asked for' };
  const needed = neededLimit(longest, lineLimit);
  if (needed <= rule.limit) {
    return {
      change: null,
      why: `the mail host takes lines of ${rule.limit} bytes, and none of these is longer`,
    };
  }
  const wanted = { set: true as const, value: String(needed) };
  const why = lineLimit === undefined ? 'so long is the longest line of these items' : 'it was asked for';
  return { change: { key: LINE_LENGTH_KEY, wanted }, why };
}

/** Bytes. @throws Problem `LineTooLong` */
export function neededLimit(longest: LongestLine | null, lineLimit: number | undefined): number {
  const needed = lineLimit ?? longest?.bytes ?? 0;
  if (needed <= MOST_LINE_LENGTH) return needed;
  const { account, item } = longest as LongestLine;
  throw new Problem(
    'LineTooLong',
    `The item ${item} of ${account} has a line of ${needed} bytes; the limit is raised to ${MOST_LINE_LENGTH} at most.`,
    { account, item, bytes: needed },
  );
}
