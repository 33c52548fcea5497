/** URLs of mail servers: `imap://` and `imaps://`, with options and the *name* of a secret. */
import { Problem } from '../../failures';
import { isSecretName } from './secrets';

export type TlsMode = 'implicit' | 'starttls' | 'none';

export interface RemoteOptions {
  readonly scheme: 'imap' | 'imaps';
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  /** False only when the URL says `tls=insecure`: the certificate is then not looked at. */
  readonly verify: boolean;
  /** Path of a PEM file with the authorities to trust; null: those of the system. */
  readonly ca: string | null;
  /** Login name; `%u` the address, `%n` what is before its `@`, `%d` what is behind it. */
  readonly user: string;
  /** Whose mailbox is used when `user` logs in for others (SASL PLAIN); null: its own. */
  readonly as: string | null;
  /** Name of the secret; may have the same placeholders. */
  readonly secret: string;
  /** Connections for one account. */
  readonly connections: number;
  /** APPEND commands on one connection before a new one is made; null: any number. */
  readonly appends: number | null;
  /** Seconds in which the server finishes or drops a command whose connection was lost. */
  readonly settle: number;
}

const EXAMPLE = 'A valid target: imaps://mail.example.com/?user=%u*master&secret=imap-master';
const PORTS = { imap: 143, imaps: 993 } as const;
const OPTIONS: readonly string[] = ['user', 'as', 'secret', 'ca', 'tls', 'connections', 'appends', 'settle'];

export const isRemote = (url: string): boolean => /^imaps?:/i.test(url);

/** @throws Problem `InvalidInput` naming what is wrong, never a password that somebody put there */
export function parseRemote(url: string): RemoteOptions {
  const parsed = parsePlace(url);
  const scheme = parsed.protocol.slice(0, -1).toLowerCase() as RemoteOptions['scheme'];
  const options = readOptions(parsed.search, OPTIONS);
  const tls = tlsOption(options);
  if (tls === 'none' && scheme === 'imaps') throw wrong('imaps without TLS; write imap:');
  const secret = options.get('secret') ?? null;
  if (secret === null) throw wrong('the name of a secret is missing (secret=NAME)');
  else if (!isSecretName(expand(secret, 'user@example.com'))) throw wrong('the name of the secret is none');
  return {
    scheme,
    host: bareHost(parsed),
    port: parsed.port === '' ? PORTS[scheme] : Number(parsed.port),
    // never in the clear over a network unless said so
    tls: scheme === 'imaps' ? 'implicit' : startTlsUnless(tls, parsed),
    verify: tls !== 'insecure',
    ca: absolute(options.get('ca')),
    user: options.get('user') ?? '%u',
    as: options.get('as') ?? null,
    secret,
    connections: whole(options, 'connections', 1, 64) ?? 2,
    appends: whole(options, 'appends', 1, 1_000_000),
    settle: whole(options, 'settle', 0, 3600) ?? 180,
  };
}

/** A URL with a host and options, and nothing else. @throws Problem `InvalidInput` */
export function parsePlace(url: string): URL {
  const parsed = parseUrl(url);
  if (parsed.username !== '' || parsed.password !== '') {
    throw wrong('a user or a password stands before the host; name a secret instead (secret=NAME)');
  }
  if (parsed.hostname === '') throw wrong('the host is missing');
  if (parsed.pathname !== '' && parsed.pathname !== '/')
    throw wrong('nothing but options may follow the host');
  if (parsed.hash !== '') throw wrong('it has a "#"');
  return parsed;
}

export const bareHost = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

export function tlsOption(options: ReadonlyMap<string, string>): string | undefined {
  const tls = options.get('tls');
  if (tls !== undefined && !['on', 'insecure', 'none'].includes(tls)) {
    throw wrong('tls must be on, insecure or none');
  }
  return tls;
}

/** Encrypted, unless the URL says otherwise or the server is this machine. */
export function startTlsUnless(tls: string | undefined, { hostname }: URL): 'starttls' | 'none' {
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  if (tls === undefined) return local ? 'none' : 'starttls';
  return tls === 'none' ? 'none' : 'starttls';
}

/** Whose mailbox a URL means for an address; part of the target's identity. */
export const mailboxTemplate = ({ as, user }: RemoteOptions): string => as ?? (user.split('*')[0] as string);

export function expand(template: string, address: string): string {
  const at = address.lastIndexOf('@');
  const parts: Record<string, string> = { u: address, n: address.slice(0, at), d: address.slice(at + 1) };
  return template.replace(/%([und])/g, (_all, letter: string) => parts[letter] ?? '');
}

/** Whether a template says the same for every address. */
export const isSame = (template: string): boolean => !/%[und]/.test(template);

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw wrong('it is no URL');
  }
}

/** @param search what begins with `?`, or nothing */
export function readOptions(search: string, known: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of search.slice(1).split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!known.includes(name)) throw wrong(`it has an unknown option; there are ${known.join(', ')}`);
    if (found.has(name)) throw wrong(`the option ${name} is there twice`);
    const value = decode(part.slice(equals + 1));
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    if (equals < 0 || value === '' || /[\x00-\x1f\x7f]/.test(value))
      throw wrong(`the option ${name} has no value`);
    found.set(name, value);
  }
  return found;
}

/** `%u`, `%n` and `%d` are placeholders, so only a percent sign with two hex digits is an encoded character. */
function decode(text: string): string {
  try {
    return text.replace(/(%[0-9A-Fa-f]{2})+/g, (run) => decodeURIComponent(run));
  } catch {
    throw wrong('an option is not encoded as it should be');
  }
}

export function whole(
  options: ReadonlyMap<string, string>,
  name: string,
  least: number,
  most: number,
): number | null {
  const value = options.get(name);
  if (value === undefined) return null;
  const number = /^\d{1,7}$/.test(value) ? Number(value) : NaN;
  if (!(number >= least && number <= most)) throw wrong(`${name} must be a number from ${least} to ${most}`);
  return number;
}

export function absolute(path: string | undefined): string | null {
  if (path === undefined) return null;
  if (!path.startsWith('/')) throw wrong('ca must be an absolute path');
  return path;
}

export function wrong(what: string): Problem {
  return new Problem('InvalidInput', `The target is not right: ${what}. ${EXAMPLE}.`, { field: 'target' });
}
