/** `lifeboat validator status|probe`: what the LMTP validator of the mail host is told to do, and what it does. */
import { LINE_LENGTH_KEY, settingText, VALIDATE_KEY, type Setting } from '../../contracts/override';
import { proveRule, writtenRule, type ValidatorRule } from '../../overrides/validator';
import { EXIT } from '../exit-codes';
import { print, printJson } from '../output';
import { openOverrides } from './overrides';

export interface ValidatorOptions {
  json?: boolean;
}
/** What is written in the local configuration; the running server may use something else. */
export async function status({ json }: ValidatorOptions): Promise<number> {
  const { validator } = openOverrides();
  const validate = await validator.read(VALIDATE_KEY);
  const limit = await validator.read(LINE_LENGTH_KEY);
  const rule = await writtenRule(validator);
  if (json) {
    const plain = (one: Setting): string | null => (one.set ? one.value : null);
    printJson({ written: { [VALIDATE_KEY]: plain(validate), [LINE_LENGTH_KEY]: plain(limit) }, ...rule });
  } else {
    print(`${VALIDATE_KEY}: ${settingText(validate)}`);
    print(`${LINE_LENGTH_KEY}: ${settingText(limit)}`);
    print(ruleText(rule));
    print('`lifeboat validator probe` shows whether the running server does so.');
  }
  return EXIT.done;
}

/** Delivers test messages. @throws Problem `OverrideNotProved` when the running server does otherwise */
export async function probe({ json }: ValidatorOptions): Promise<number> {
  const rule = await proveRule(openOverrides().validator);
  if (json) printJson({ proved: true, ...rule });
  else print(`The running server does what is written. ${ruleText(rule)}`);
  return EXIT.done;
}

const ruleText = ({ validates, limit }: ValidatorRule): string =>
  validates
    ? `Messages with a line of more than ${limit} bytes are refused.`
    : 'Messages are not validated: lines of any length are accepted.';
