/** The address of the SMTP server, from one URL. */
import { Problem } from '../failures';

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (smtps). */
  readonly secure: boolean;
  /** Fail rather than go on in clear text. */
  readonly requireTLS: boolean;
  /** Never ask for TLS. */
  readonly ignoreTLS: boolean;
  readonly rejectUnauthorized: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
}

const SHAPE = 'smtp://[user:password@]host[:port] or smtps://…';
const TLS_WAYS = ['required', 'optional', 'never', 'unverified'] as const;
type TlsWay = (typeof TLS_WAYS)[number];

/**
 * Reads `smtp://[user:password@]host[:port][?tls=…]`, or `smtps://`. Ports default to 25, 587 with a user, and
 * 465. `tls`: `optional` (STARTTLS where offered; the default), `required` (the default with a password, unless
 * the host is this machine), `never`, `unverified` (required, any certificate).
 *
 * @throws Problem `InvalidInput`, whose message never repeats the URL.
 */
export function parseSmtpUrl(text: string): SmtpServer {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The error of URL repeats its input, password and all; so it is not passed on.
    throw new Problem('InvalidInput', `it must look like ${SHAPE}`);
  }
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') {
    throw new Problem('InvalidInput', `it must begin with smtp:// or smtps://`);
  }
  if (url.hostname === '' || (url.pathname !== '' && url.pathname !== '/') || url.hash !== '') {
    throw new Problem('InvalidInput', `it must look like ${SHAPE}`);
  }
  if (url.username === '' && url.password !== '') {
    throw new Problem('InvalidInput', 'it has a password but no user');
  }
  for (const name of url.searchParams.keys()) {
    if (name !== 'tls') throw new Problem('InvalidInput', 'its only option is tls');
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = url.protocol === 'smtps:';
  const auth = url.username === '' ? null : { user: decode(url.username), pass: decode(url.password) };
  const fallback = auth !== null && !isLoopback(host) ? 'required' : 'optional';
  const tls = tlsWay(url.searchParams.get('tls') ?? fallback);
  return {
    host,
    port: url.port === '' ? (secure ? 465 : auth === null ? 25 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && (tls === 'required' || tls === 'unverified'),
    ignoreTLS: tls === 'never',
    rejectUnauthorized: tls !== 'unverified',
    auth,
  };
}

function tlsWay(value: string): TlsWay {
  const way = TLS_WAYS.find((known) => known === value);
  if (way === undefined) throw new Problem('InvalidInput', `tls must be one of ${TLS_WAYS.join(', ')}`);
  return way;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Problem('InvalidInput', 'its user or password has a % that is not followed by two hex digits');
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}
