/** URLs of a Carbonio server that is restored into by SOAP: `carbonio://`, with the *name* of a secret. */
import { Problem } from '../../failures';
import { isSecretName } from '../remote/secrets';

export interface CarbonioOptions {
  readonly scheme: 'carbonio';
  readonly host: string;
  /** Of the admin service. Default: 7071. */
  readonly port: number;
  /** Of the service for users. Default: 443. */
  readonly mailPort: number;
  /** False only when the URL says `tls=none`. */
  readonly encrypted: boolean;
  /** False only when the URL says `tls=insecure`: the certificate is then not looked at. */
  readonly verify: boolean;
  /** Path of a PEM file with the authorities to trust; null: those of the system. */
  readonly ca: string | null;
  /** An administrator with the right to log in for others. */
  readonly user: string;
  /** Name of the secret that holds the administrator's password. */
  readonly secret: string;
  /** Requests for one account at the same time. */
  readonly connections: number;
  /** Seconds in which the server finishes or drops a request whose connection was lost. */
  readonly settle: number;
}

const EXAMPLE = 'A valid target: carbonio://mail.example.com/?user=admin@example.com&secret=carbonio-admin';
const OPTIONS = ['user', 'secret', 'ca', 'tls', 'mail', 'connections', 'settle'];

export const isCarbonio = (url: string): boolean => /^carbonio:/i.test(url);

/** @throws Problem `InvalidInput` naming what is wrong, never a password that somebody put there */
export function parseCarbonio(url: string): CarbonioOptions {
  // of a scheme that is not special the parts are read as they stand
  const parsed = URL.canParse(url) ? new URL(url.replace(/^carbonio:/i, 'https:')) : null;
  if (parsed === null || !/^carbonio:\/\//i.test(url)) throw wrong('it is no URL');
  if (parsed.username !== '' || parsed.password !== '') {
    throw wrong('a user or a password stands before the host; name a secret instead (secret=NAME)');
  }
  if (parsed.pathname !== '/') throw wrong('nothing but options may follow the host');
  if (parsed.hash !== '') throw wrong('it has a "#"');
  const options = readOptions(parsed);
  const tls = options.get('tls') ?? 'on';
  if (!['on', 'insecure', 'none'].includes(tls)) throw wrong('tls must be on, insecure or none');
  const secret = options.get('secret');
  if (secret === undefined) throw wrong('the name of a secret is missing (secret=NAME)');
  if (!isSecretName(secret)) throw wrong('the name of the secret is none');
  const user = options.get('user');
  if (user === undefined) throw wrong('the administrator is missing (user=admin@example.com)');
  const ca = options.get('ca') ?? null;
  if (ca !== null && !ca.startsWith('/')) throw wrong('ca must be an absolute path');
  return {
    scheme: 'carbonio',
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: portOf(url) ?? 7071,
    mailPort: whole(options, 'mail', 1, 65_535) ?? 443,
    encrypted: tls !== 'none',
    verify: tls !== 'insecure',
    ca,
    user,
    secret,
    connections: whole(options, 'connections', 1, 64) ?? 4,
    settle: whole(options, 'settle', 0, 3600) ?? 60,
  };
}

/** As it is written: `https:` forgets its own 443. */
function portOf(url: string): number | null {
  const port = /^[a-z]+:\/\/[^/?#]*:(\d+)(?=[/?#]|$)/i.exec(url)?.[1];
  return port === undefined ? null : Number(port);
}

function readOptions({ searchParams }: URL): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of searchParams) {
    if (!OPTIONS.includes(name)) throw wrong(`it has an unknown option; there are ${OPTIONS.join(', ')}`);
    if (found.has(name)) throw wrong(`the option ${name} is there twice`);
    if (value === '' || /\p{Cc}/u.test(value)) throw wrong(`the option ${name} has no value`);
    found.set(name, value);
  }
  return found;
}

function whole(options: Map<string, string>, name: string, least: number, most: number): number | null {
  const value = options.get(name);
  if (value === undefined) return null;
  const number = /^\d{1,7}$/.test(value) ? Number(value) : NaN;
  if (!(number >= least && number <= most)) throw wrong(`${name} must be a number from ${least} to ${most}`);
  return number;
}

function wrong(what: string): Problem {
  return new Problem('InvalidInput', `The target is not right: ${what}. ${EXAMPLE}.`, { field: 'target' });
}
