/** Who gets a mail. */

/**
 * One address: something in ASCII, one `@`, a domain. Stricter than the standard (no quotes, comments, spaces),
 * so that nothing in an address can be read as a second address, a header or an SMTP parameter. ASCII, because
 * one local part beyond it makes a server without SMTPUTF8 refuse the mail for everybody.
 */
const ADDRESS = /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[^\s\p{C}<>()[\]\\,;:"@]{1,255}$/iu;

export interface Recipients {
  readonly valid: readonly string[];
  /** What is no mail address; nothing is sent there. */
  readonly invalid: readonly string[];
}

/** Each address once, whatever its case, in the order given. */
export function uniqueRecipients(addresses: readonly string[]): Recipients {
  const valid = new Map<string, string>();
  const invalid = new Set<string>();
  for (const given of addresses) {
    const address = given.trim();
    if (address === '') continue;
    if (!ADDRESS.test(address)) invalid.add(address);
    else if (!valid.has(address.toLowerCase())) valid.set(address.toLowerCase(), address);
  }
  return { valid: [...valid.values()], invalid: [...invalid] };
}
