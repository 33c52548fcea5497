/** Errors of an SMTP server as they may be shown: on one line, of modest length, without credentials. */
import { printable } from '../report/format';
import type { SmtpServer } from './smtp-url';

const LONGEST = 500;

/** Removes user and password, also in the encodings in which a server may echo them. */
export function scrub(text: string, auth: SmtpServer['auth']): string {
  let clean = text;
  if (auth !== null) {
    const { user, pass } = auth;
    const base64 = (value: string) => Buffer.from(value, 'utf8').toString('base64');
    const secrets = [
      pass,
      encodeURIComponent(pass),
      base64(pass),
      base64(`\u0000${user}\u0000${pass}`),
      base64(`${user}\u0000${user}\u0000${pass}`),
      base64(user),
    ].filter((secret) => secret !== '');
    // Longer ones first: a short password must not break up the encoding that holds it.
    secrets.sort((a, b) => b.length - a.length);
    for (const secret of secrets) clean = clean.split(secret).join('***');
    clean = withoutWord(clean, user);
  }
  clean = printable(clean.replace(/\s+/g, ' ').trim());
  return clean.length <= LONGEST ? clean : `${clean.slice(0, LONGEST)}…`;
}

/** The user only as a word of its own: as a part of others, "mail" say, it tells nothing. */
function withoutWord(text: string, word: string): string {
  const literal = word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'gu'), '***');
}
