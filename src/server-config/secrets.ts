/**
 * Which values are never shown. By the name of the attribute, and by what a value looks like: rather one too many.
 * Names are those of the directory of Zimbra and Carbonio (zimbraAuthTokenKey, zimbraGalLdapBindPassword, …).
 */
import { withoutPassword } from '../report/format';

/** Stands for a value that is not shown; also in files that we write. */
export const MASK = '********';

const SECRET_NAME =
  /(pass|passwd|password|passphrase|passwordhistory|secret|key|keys|credentials?|tokens?|salt|hash)$/i;
/** Keys that are no secret. */
const PUBLIC_NAME = /public_?key$/i;
const SECRET_VALUE = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /^\{(S?SHA\d*|S?MD5|CRYPT|PBKDF2[^}]*|ARGON2[^}]*|BCRYPT)\}/i,
  // members of a JSON value, such as the access to a bucket
  /["']?(pass(word|wd|phrase)?|secret|access_?key|secret_?key|api_?key|private_?key|token|credentials?)["']?\s*[:=]/i,
];

export interface Shown {
  /** One for each value. */
  readonly values: readonly string[];
  /** Whether something of them is not shown. */
  readonly masked: boolean;
}

/** The values of an attribute as they may be shown. */
export function shown(attribute: string, values: readonly string[]): Shown {
  const byName = SECRET_NAME.test(attribute) && !PUBLIC_NAME.test(attribute);
  const masked = values.map((value) => {
    if (byName || SECRET_VALUE.some((pattern) => pattern.test(value))) return MASK;
    return withoutPassword(value);
  });
  return { values: masked, masked: masked.some((value, at) => value !== values[at] || value === MASK) };
}
