/** URLs of LMTP servers: `lmtp://host:port` and `lmtp+unix:/path/of/socket`, with options, and who can look into them. */
import { Problem } from '../../failures';
import {
  absolute,
  bareHost,
  isRemote,
  parsePlace,
  parseRemote,
  readOptions,
  startTlsUnless,
  tlsOption,
  whole,
  type RemoteOptions,
} from '../remote/url';

export interface LmtpOptions {
  readonly host: string;
  readonly port: number;
  /** Null: there is a host and a port. */
  readonly socketPath: string | null;
  readonly tls: 'starttls' | 'none';
  readonly verify: boolean;
  readonly ca: string | null;
  readonly connections: number;
  /** Seconds for which a mailbox that puts us off (4xx) is tried again. */
  readonly wait: number;
  /** The same mailboxes over IMAP, where they can be looked into; null: nobody can say what is in them. */
  readonly lookup: RemoteOptions | null;
}

const EXAMPLE =
  'A valid target: lmtp://mail.example.com:7025/?lookup=imaps://mail.example.com/?user=%u*master&secret=imap-master';
const PORT = 24;
const OPTIONS: readonly string[] = ['tls', 'ca', 'connections', 'wait'];

export const isLmtp = (url: string): boolean => /^lmtp(\+unix)?:/i.test(url);

/** @throws Problem `InvalidInput` naming what is wrong */
export function parseLmtp(url: string): LmtpOptions {
  const [own, lookup] = apart(url);
  const seen = lookup === null ? null : parseLookup(lookup);
  if (/^lmtp\+unix:/i.test(own)) return { ...atSocket(own), lookup: seen };
  const parsed = parsePlace(own);
  const options = readOptions(parsed.search, OPTIONS);
  const tls = tlsOption(options);
  return {
    ...common(options),
    host: bareHost(parsed),
    port: parsed.port === '' ? PORT : Number(parsed.port),
    socketPath: null,
    tls: startTlsUnless(tls, parsed),
    verify: tls !== 'insecure',
    ca: absolute(options.get('ca')),
    lookup: seen,
  };
}

function atSocket(own: string): Omit<LmtpOptions, 'lookup'> {
  const [, path = '', search = ''] = /^[^:]+:(?:\/\/(?=\/))?([^?]*)(.*)$/s.exec(own) ?? [];
  const options = readOptions(search, ['connections', 'wait']);
  if (!path.startsWith('/')) throw wrong('lmtp+unix needs the absolute path of a socket');
  const place = { host: 'localhost', port: PORT, socketPath: path };
  return { ...common(options), ...place, tls: 'none', verify: true, ca: null };
}

const common = (options: ReadonlyMap<string, string>): Pick<LmtpOptions, 'connections' | 'wait'> => ({
  connections: whole(options, 'connections', 1, 64) ?? 4,
  wait: whole(options, 'wait', 0, 3600) ?? 60,
});

/** The URL behind `lookup=` is taken as it stands, so it comes last. */
function apart(url: string): [own: string, lookup: string | null] {
  const match = /^([^?]*\?(?:.*?&)?)lookup=(.*)$/s.exec(url);
  return match === null ? [url, null] : [(match[1] as string).replace(/[?&]$/, ''), match[2] as string];
}

function parseLookup(url: string): RemoteOptions {
  if (!isRemote(url)) throw wrong('lookup must come last, and be an imap:// or imaps:// URL as it stands');
  return parseRemote(url);
}

function wrong(what: string): Problem {
  return new Problem('InvalidInput', `The target is not right: ${what}. ${EXAMPLE}.`, { field: 'target' });
}
