/** The passwd-file of the target, as Dovecot's passdb and userdb `passwd-file` read it. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { ProvisionAccount } from '../target';
import type { AccountPlace } from './address';
import type { Owner } from './durable';
import { LineFile } from './line-file';
import { onTarget } from './system-error';

/** What Dovecot can check a password against, of what Carbonio and its ancestors store. */
const SCHEMES = new Set([
  ...['SSHA512', 'SSHA256', 'SSHA', 'SHA', 'SHA256', 'SHA512', 'SMD5', 'MD5', 'CRYPT', 'SHA256-CRYPT'],
  ...['SHA512-CRYPT', 'MD5-CRYPT', 'BLF-CRYPT', 'ARGON2I', 'ARGON2ID', 'PBKDF2'],
]);
/** No password has this hash, whatever Dovecot's default scheme is. */
const NO_PASSWORD = '{CRYPT}*';
/** Fields of a line: user, password, uid, gid, gecos, home, shell, extra fields. */
const PASSWORD = 1;
const EXTRA = 7;

type Login = Pick<ProvisionAccount, 'passwordHash' | 'status'>;

/** The hash when Dovecot can use it as it is, else null. */
export function usableHash(hash: string | null): string | null {
  const match = /^\{([A-Za-z0-9-]+)\}[!-9;-~]+$/.exec(hash ?? '');
  return match?.[1] !== undefined && SCHEMES.has(match[1].toUpperCase()) ? match[0] : null;
}

/** Dovecot splits the extra fields at blanks and replaces `%` in them: such a path is named by the home folder. */
function mailLocation(place: AccountPlace): string {
  return /^[\w./@+=,-]+$/.test(place.maildir) ? `maildir:${place.maildir}` : 'maildir:~/Maildir';
}

export class Passwd {
  readonly #file: LineFile;

  constructor(directory: string) {
    this.#file = new LineFile(join(directory, 'passwd'));
  }

  has(address: string): boolean {
    return this.#file.has(address);
  }

  /** Adds an account's line, or sets password and lock of the one that is there. Answers what could not be done. */
  put(place: AccountPlace, login: Login): string[] {
    const hash = usableHash(login.passwordHash);
    const fields = this.#file.get(place.address)?.split(':');
    const existing = fields !== undefined && fields.length > PASSWORD;
    const line = existing ? changed(fields, login, hash) : newLine(place, login, hash);
    this.#file.set(place.address, line);
    if (hash !== null) return [];
    const why =
      login.passwordHash === null ? 'the backup has none' : 'its form is not one that Dovecot knows';
    const then = existing ? 'the one in the target stays' : 'nobody can log in until one is set';
    return [`The password of ${place.address} could not be taken over (${why}): ${then}.`];
  }

  save(owner: Owner): void {
    this.#file.save(owner);
  }
}

function newLine(place: AccountPlace, login: Login, hash: string | null): string {
  const extra = [`userdb_mail=${mailLocation(place)}`, ...lock(login)].join(' ');
  return [place.address, hash ?? NO_PASSWORD, '', '', '', place.accountDir, '', extra].join(':');
}

function changed(fields: readonly string[], login: Login, hash: string | null): string {
  const head = Array.from({ length: EXTRA }, (_unused, at) => fields[at] ?? '');
  if (hash !== null) head[PASSWORD] = hash;
  const kept = fields
    .slice(EXTRA)
    .join(':')
    .split(' ')
    .filter((field) => field !== '' && !/^nologin(=|$)/.test(field));
  return [...head, [...kept, ...lock(login)].join(' ')].join(':');
}

function lock({ status }: Login): string[] {
  return status === 'locked' || status === 'closed' ? ['nologin=y'] : [];
}

/** Answers whether an account has a line; reads the file again only when it is another one. */
export class PasswdCache {
  #signature = '';
  #passwd: Passwd | null = null;

  constructor(private readonly directory: string) {}

  has(address: string): boolean {
    const path = join(this.directory, 'passwd');
    const found = onTarget(path, () => fs.lstatSync(path, { throwIfNoEntry: false, bigint: true }));
    if (found === undefined) return false;
    const signature = `${found.ino}/${found.mtimeNs}/${found.size}`;
    if (this.#passwd === null || signature !== this.#signature) {
      this.#passwd = new Passwd(this.directory);
      this.#signature = signature;
    }
    return this.#passwd.has(address);
  }
}
