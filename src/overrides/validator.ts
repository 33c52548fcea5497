/**
 * The LMTP validator of a Carbonio host as something that can be overridden: two keys of localconfig, of which the
 * running server sees a change only after a reload. No command tells what it uses, so it is found out by delivering.
 */
import { LINE_LENGTH_KEY, VALIDATE_KEY, type Setting } from '../contracts/override';
import { Problem } from '../failures';
import type { OverridePort } from './model';

/** What the server takes where the key is not set, bytes (LC.java of carbonio-mailbox). */
export const DEFAULT_LINE_LENGTH = 10_240;

export interface ValidatorHost {
  read(key: string): Promise<Setting>;
  write(key: string, value: Setting): Promise<void>;
  reload(): Promise<void>;
  /** Delivers a message whose longest line has so many bytes, and removes it again. */
  deliver(longestLine: number): Promise<'accepted' | 'refused'>;
}

export interface ValidatorRule {
  readonly validates: boolean;
  /** Longest line that is accepted while it validates, bytes. */
  readonly limit: number;
}

/** @throws Problem `UnknownOutput` for a limit that is no number: what the server makes of it is not known */
export async function writtenRule(host: Pick<ValidatorHost, 'read'>): Promise<ValidatorRule> {
  const validate = await host.read(VALIDATE_KEY);
  const limit = await host.read(LINE_LENGTH_KEY);
  // Java reads everything but "true" as false
  const validates = !validate.set || validate.value.trim().toLowerCase() === 'true';
  if (!limit.set) return { validates, limit: DEFAULT_LINE_LENGTH };
  if (!/^\d{1,9}$/.test(limit.value)) {
    throw new Problem(
      'UnknownOutput',
      `${LINE_LENGTH_KEY} is "${limit.value.slice(0, 80)}", which is no length.`,
    );
  }
  return { validates, limit: Number(limit.value) };
}

/** Whether the running server does what is written. @throws Problem `OverrideNotProved` */
export async function proveRule(host: ValidatorHost): Promise<ValidatorRule> {
  const rule = await writtenRule(host);
  const accepts = async (length: number): Promise<boolean> => (await host.deliver(length)) === 'accepted';
  const longer = rule.limit + 1;
  if (!rule.validates) {
    if (!(await accepts(longer))) throw notProved(`still refuses a line of ${longer} bytes`, rule);
    return rule;
  }
  if (await accepts(longer)) throw notProved(`still accepts a line of ${longer} bytes`, rule);
  if (!(await accepts(rule.limit))) throw notProved(`still refuses a line of ${rule.limit} bytes`, rule);
  return rule;
}

const notProved = (does: string, { validates, limit }: ValidatorRule): Problem =>
  new Problem(
    'OverrideNotProved',
    `The running server ${does}, though ${validates ? `a line may have ${limit} bytes` : 'validation is off'} by its ` +
      'configuration.',
  );

export function validatorPort(host: ValidatorHost): OverridePort {
  return {
    read: (key) => host.read(key),
    write: (key, value) => host.write(key, value),
    activate: () => host.reload(),
    prove: async () => {
      await proveRule(host);
    },
  };
}
