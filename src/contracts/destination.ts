/** Where an offsite copy is, as people write it. Pure: workflows parse it too. */

export type Destination =
  | { readonly kind: 'path'; readonly path: string }
  /** An rsync daemon: `rsync://user@host:port/module/path`. */
  | { readonly kind: 'daemon'; readonly url: string }
  /** A remote shell: `user@host:/path`. */
  | { readonly kind: 'ssh'; readonly login: string; readonly path: string };

const NAME = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const HOST = `(?:${NAME}|\\[[0-9A-Fa-f:.]+\\])`;
const DAEMON = new RegExp(`^rsync://(?:${NAME}@)?${HOST}(?::[0-9]{1,5})?/${NAME}(?:/.*)?$`);
const SSH = new RegExp(`^((?:${NAME}@)?${HOST}):(/(?!/).*)$`);
const PASSWORD = /^rsync:\/\/[^/@]*:[^/@]*@/;
/** rsync expands these on the other side. */
const WILDCARD = /[*?[\]\\]/;

/** The destination, or what is wrong with it in words that do not repeat it: it may hold a password. */
export function parseDestination(text: string): Destination | string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'must not hold control characters';
  if (PASSWORD.test(text))
    return 'must not hold a password: put it into a file and name that as passwordFile';
  const plain = text.replace(/\/+$/, '');
  const path = plain.replace(/^[^/]*:\/\/[^/]*/, '').replace(/^[^/]*:/, '');
  if (/(^|\/)\.\.(\/|$)/.test(path)) return 'must not hold ".."';
  if (text.startsWith('/'))
    return plain === '' ? 'must not be the root folder' : { kind: 'path', path: plain };
  // the square brackets of an IPv6 address are none of the path
  if (WILDCARD.test(path)) return 'must not hold * ? [ ] or a backslash in its path';
  if (DAEMON.test(plain)) return { kind: 'daemon', url: plain };
  const [, login, remote] = SSH.exec(plain) ?? [];
  if (login !== undefined && remote !== undefined) return { kind: 'ssh', login, path: remote };
  return 'must be an absolute path, rsync://[user@]host[:port]/module[/path] or [user@]host:/path';
}

/** As rsync takes it, without a slash at its end. */
export function destinationText(destination: Destination): string {
  if (destination.kind === 'path') return destination.path;
  return destination.kind === 'daemon' ? destination.url : `${destination.login}:${destination.path}`;
}
