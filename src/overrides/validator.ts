/**
 * The LMTP validator of a Carbonio host as something that can be overridden: two keys of localconfig, of which the
 * running server sees a change only after a reload. No command tells what it uses, so it is found out by delivering.
 */
import { LONGEST_PROBE, SHORTEST_PROBE } from '../carbonio/lmtp-probe';
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
  if (!isLength(limit)) throw new Problem('UnknownOutput', `${notALength(limit.value)}.`);
  return { validates, limit: Number(limit.value) };
}

const isLength = (limit: Setting): boolean => !limit.set || /^\d{1,9}$/.test(limit.value);
const notALength = (value: string): string =>
  `${LINE_LENGTH_KEY} is "${value.slice(0, 80)}", which is no length`;

/** A message shows one byte more than the limit, and where that is refused, the limit too. Null: it can be shown. */
function unprovable({ validates, limit }: ValidatorRule): string | null {
  const shortest = validates ? limit : limit + 1;
  if (shortest >= SHORTEST_PROBE && limit < LONGEST_PROBE) return null;
  return (
    `${LINE_LENGTH_KEY} is ${limit}, and test messages can show a limit of ${SHORTEST_PROBE} to ` +
    `${LONGEST_PROBE - 1} bytes only`
  );
}

/** Whether the running server does what is written. @throws Problem `OverrideNotProved`, `OverrideNotProvable` */
export async function proveRule(host: ValidatorHost): Promise<ValidatorRule> {
  const rule = await writtenRule(host);
  const why = unprovable(rule);
  if (why !== null) throw new Problem('OverrideNotProvable', `${why}.`);
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
    unprovable: async (change) => {
      const read = async (key: string): Promise<Setting> =>
        change?.key === key ? change.value : host.read(key);
      const limit = await read(LINE_LENGTH_KEY);
      if (limit.set && !isLength(limit)) return notALength(limit.value);
      return unprovable(await writtenRule({ read }));
    },
  };
}
