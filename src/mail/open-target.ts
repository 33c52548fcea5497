import { Problem } from '../failures';
import { CarbonioTarget } from './carbonio/carbonio-target';
import { isCarbonio, parseCarbonio, type CarbonioOptions } from './carbonio/options';
import { ImapTarget } from './imap/imap-target';
import { LmtpTarget } from './lmtp/lmtp-target';
import { isLmtp, parseLmtp, type LmtpOptions } from './lmtp/url';
import { MaildirTarget } from './maildir/maildir-target';
import { parseMaildirOptions } from './maildir/options';
import type { MaildirOptions } from './maildir/options';
import { isRemote, parseRemote, type RemoteOptions } from './remote/url';
import type { MailTarget } from './target';

/**
 * Opens the target that a URL names: `maildir:/absolute/folder[?maxLineLength=BYTES]`, or a mail server
 * (`imap://`, `imaps://`, `lmtp://`, `carbonio://`). Of a folder what is missing is made.
 *
 * @param expectedInstance `instance` of the target as it was opened before. Then nothing is made: a target that is
 * not there, or is another one, is TargetUnavailable.
 * @param secretsDir where the secrets are that a URL names; null: there are none
 * @throws Problem InvalidInput for a URL that is not right, TargetRefused for a target that cannot be used
 */
export async function openTarget(
  url: string,
  expectedInstance?: string,
  secretsDir: string | null = null,
): Promise<MailTarget> {
  const place = parse(url);
  if ('directory' in place) return MaildirTarget.open(place, expectedInstance);
  const target = openRemote(place, secretsDir);
  // the first step finds out at once whether there is a server that it can trust
  if (expectedInstance === undefined) await target.check();
  return target;
}

/**
 * The path that a URL names on this machine, without opening or making anything; null for a remote target. It may
 * not be there yet, and parts of it may be symbolic links.
 *
 * @throws Problem InvalidInput for a URL that is not right
 */
export function localPathOf(url: string): string | null {
  const place = parse(url);
  return 'directory' in place ? place.directory : null;
}

/**
 * The file by which operations of other hosts and servers are kept out of a target on this machine; null for a remote
 * one, and for a folder that is no target (yet): nothing is made in what may be an empty mount point.
 *
 * @throws Problem InvalidInput for a URL that is not right
 */
export function writerLockOf(url: string): string | null {
  const place = parse(url);
  return 'directory' in place ? MaildirTarget.writerLock(place) : null;
}

function openRemote(
  place: RemoteOptions | LmtpOptions | CarbonioOptions,
  secretsDir: string | null,
): ImapTarget | LmtpTarget | CarbonioTarget {
  if ('lookup' in place) return new LmtpTarget(place, secretsDir);
  return place.scheme === 'carbonio'
    ? new CarbonioTarget(place, secretsDir)
    : new ImapTarget(place, secretsDir);
}

function parse(url: string): MaildirOptions | RemoteOptions | LmtpOptions | CarbonioOptions {
  if (isLmtp(url)) return parseLmtp(url);
  if (isCarbonio(url)) return parseCarbonio(url);
  if (isRemote(url)) return parseRemote(url);
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(url) ?? [];
  const what =
    scheme === undefined || rest === undefined
      ? `The target "${url}" has no scheme.`
      : `Targets of the kind "${scheme}" are not known; there are maildir, imap, imaps, lmtp, lmtp+unix and carbonio.`;
  if (scheme?.toLowerCase() === 'maildir' && rest !== undefined) return parseMaildirOptions(rest);
  throw new Problem('InvalidInput', `${what} A valid target: maildir:/srv/mail.`, { field: 'target' });
}
