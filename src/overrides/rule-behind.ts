/** The rule of the validator as it is without what is changed for a while. */
import { VALIDATOR_SLOT } from '../contracts/override';
import type { HostOverrides } from './host';
import { writtenRule, type ValidatorRule } from './validator';

/**
 * As it will be once the changes on record have gone back: who plans a change of his own waits for that.
 * @throws Problem as `writtenRule`, `JournalDamaged`
 */
export async function ruleBehind(
  overrides: Pick<HostOverrides, 'isUsed' | 'journal' | 'validator'>,
): Promise<ValidatorRule> {
  const entry = overrides.isUsed ? overrides.journal.read(VALIDATOR_SLOT) : null;
  const { validator } = overrides;
  return writtenRule({
    read: async (key) =>
      entry !== null && entry.key === key && entry.state !== 'left' ? entry.original : validator.read(key),
  });
}
