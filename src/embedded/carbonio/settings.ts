/**
 * What a stand-in host is, in its folder. No schema library here: the executables read it too, and must start at once.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toXml } from './localconfig/file';

export interface Settings {
  /** Name of the mail server. */
  readonly host: string;
  readonly serverId: string;
  /** Which of the two programs named `zmlocalconfig` the host has. */
  readonly variant: 'java' | 'go';
  /** The only user id that may run `carbonio`, as `zextras` on a real host. Null: any but root. */
  readonly zextrasUid: number | null;
  /** 0 until the daemon has chosen them; then they stay, so that a restart changes no address. */
  readonly lmtpPort: number;
  readonly soapPort: number;
  /** The admin endpoint speaks TLS, with the certificate `conf/tls.crt` made by openssl. */
  readonly tls: boolean;
  /** Bytes of the largest message that is taken. Absent: 100 MiB. */
  readonly maxMessageSize?: number;
}

/** Where things are in the folder of a stand-in. */
export function placesOf(dir: string) {
  return {
    settings: join(dir, 'stand-in.json'),
    faults: join(dir, 'faults.json'),
    socket: join(dir, 'control.sock'),
    localconfig: join(dir, 'conf', 'localconfig.xml'),
    adminPassword: join(dir, 'conf', 'admin-password'),
    tlsKey: join(dir, 'conf', 'tls.key'),
    tlsCertificate: join(dir, 'conf', 'tls.crt'),
    mailboxes: join(dir, 'mailboxes'),
    backup: join(dir, 'backup'),
    state: join(dir, 'state'),
    restore: join(dir, 'restore'),
    work: join(dir, 'work'),
    log: join(dir, 'daemon.log'),
  };
}
export type Places = ReturnType<typeof placesOf>;

/** The name with which the stand-in's administrator logs in; the password is in `conf/admin-password`. */
export const ADMIN_NAME = 'admin@stand-in.invalid';

const DEFAULTS: Omit<Settings, 'serverId'> = {
  host: 'mail.stand-in.invalid',
  variant: 'java',
  zextrasUid: null,
  lmtpPort: 0,
  soapPort: 0,
  tls: false,
};

/** Makes the folder when it is missing; what is there stays, but for the options given. */
export function ensureStandIn(dir: string, options: Partial<Settings> = {}): Settings {
  const places = placesOf(dir);
  for (const path of [dir, places.state, dirname(places.localconfig)])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  const before = existsSync(places.settings) ? readSettings(dir) : { ...DEFAULTS, serverId: randomUUID() };
  const settings = { ...before, ...options };
  writeJson(places.settings, settings);
  if (!existsSync(places.localconfig))
    writeFileSync(
      places.localconfig,
      toXml([
        ['zimbra_server_hostname', settings.host],
        ['zimbra_user', 'zextras'],
      ]),
      { mode: 0o640 },
    );
  if (!existsSync(places.adminPassword))
    writeFileSync(places.adminPassword, `${randomBytes(12).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  return settings;
}

/** @throws Error that says that the folder holds no stand-in */
export function readSettings(dir: string): Settings {
  const path = placesOf(dir).settings;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Settings;
  } catch (error) {
    throw new Error(`${dir} holds no stand-in host (${path}: ${(error as Error).message}).`, {
      cause: error,
    });
  }
}

/** Replaced as a whole: a kill leaves the old file or the new one. */
export function writeJson(path: string, value: unknown): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

/** What `writeJson` wrote; `missing` when there is no file. */
export function readJson<T>(path: string, missing: T): T {
  if (!existsSync(path)) return missing;
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
