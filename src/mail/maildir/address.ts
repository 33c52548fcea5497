import { join } from 'node:path';
import { Problem } from '../../failures';

/** Where an account's things are in the target. */
export interface AccountPlace {
  /** The whole address, in lower case. */
  readonly address: string;
  readonly domain: string;
  /** `DIR/<domain>` */
  readonly domainDir: string;
  /** `DIR/<domain>/<local part>` */
  readonly accountDir: string;
  /** `DIR/<domain>/<local part>/Maildir` */
  readonly maildir: string;
}

/** Files of the target itself, which a domain's folder would collide with. */
const SHARED_FILES = new Set(['passwd', 'aliases', 'lists', 'domains.json', 'coses.json']);
const LONGEST_PART = 240;

/**
 * Where an account lives. Addresses are compared without regard to case, as mail servers do.
 *
 * @throws Problem InvalidInput for a name that is no address, or whose parts are not safe as directory names
 */
export function accountPlace(directory: string, name: string): AccountPlace {
  const at = name.lastIndexOf('@');
  if (at === -1) throw new Problem('InvalidInput', `${show(name)} is no mail address.`);
  const domain = safeDomain(name.slice(at + 1));
  const local = safePart(name.slice(0, at), 'local part', name);
  const domainDir = join(directory, domain);
  const accountDir = join(domainDir, local);
  return {
    address: `${local}@${domain}`,
    domain,
    domainDir,
    accountDir,
    maildir: join(accountDir, 'Maildir'),
  };
}

/** The domain in lower case. Throws Problem InvalidInput when it is not safe as a directory name. */
export function safeDomain(domain: string): string {
  const safe = safePart(domain, 'domain', domain);
  if (safe.includes('@') || SHARED_FILES.has(safe)) {
    throw new Problem('InvalidInput', `The domain ${show(domain)} cannot be a folder of this target.`);
  }
  return safe;
}

function safePart(part: string, what: string, whole: string): string {
  const lower = part.toLowerCase();
  const bad =
    lower === '' ||
    /^[.#]/.test(lower) ||
    /[/:\\\p{Cc}\p{Z}\ufeff]/u.test(lower) ||
    Buffer.from(lower, 'utf8').toString('utf8') !== lower;
  if (bad || Buffer.byteLength(lower) > LONGEST_PART) {
    throw new Problem(
      'InvalidInput',
      `The ${what} of ${show(whole)} cannot be a folder name: it is empty, too long, begins with a dot or a hash sign, or has a slash, colon, blank or control character.`,
    );
  }
  return lower;
}

/** Hostile text for a message: quoted, short, without control characters. */
export function show(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

const PART = String.raw`[^\s@:,;"|\\()<>[\]/\p{Cc}\p{Z}]+`;
const PLAIN_ADDRESS = new RegExp(`^(?!#)${PART}@${PART}$`, 'u');

/** Whether an address can stand in a line of an alias file as it is. */
export function isPlainAddress(address: string): boolean {
  return address.length <= 320 && PLAIN_ADDRESS.test(address);
}
