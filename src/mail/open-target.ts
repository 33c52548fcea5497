import { Problem } from '../failures';
import { MaildirTarget } from './maildir/maildir-target';
import { parseMaildirOptions } from './maildir/options';
import type { MaildirOptions } from './maildir/options';
import type { MailTarget } from './target';

/**
 * Opens the target that a URL names: `maildir:/absolute/folder[?maxLineLength=BYTES]`. What is missing is made.
 *
 * @param expectedInstance `instance` of the target as it was opened before. Then nothing is made: a target that is
 * not there, or is another one, is TargetUnavailable.
 * @throws Problem InvalidInput for a URL that is not right, TargetRefused for a target that cannot be used
 */
export async function openTarget(url: string, expectedInstance?: string): Promise<MailTarget> {
  return MaildirTarget.open(parse(url), expectedInstance);
}

/**
 * The path that a URL names on this machine, without opening or making anything; null for a remote target. It may
 * not be there yet, and parts of it may be symbolic links.
 *
 * @throws Problem InvalidInput for a URL that is not right
 */
export function localPathOf(url: string): string | null {
  return parse(url).directory;
}

/**
 * The file by which operations of other hosts and servers are kept out of a target on this machine; null for a remote
 * one, and for a folder that is no target (yet): nothing is made in what may be an empty mount point.
 *
 * @throws Problem InvalidInput for a URL that is not right
 */
export function writerLockOf(url: string): string | null {
  return MaildirTarget.writerLock(parse(url));
}

function parse(url: string): MaildirOptions {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(url) ?? [];
  const what =
    scheme === undefined || rest === undefined
      ? `The target "${url}" has no scheme.`
      : `Targets of the kind "${scheme}" are not known; there is only maildir.`;
  if (scheme?.toLowerCase() === 'maildir' && rest !== undefined) return parseMaildirOptions(rest);
  throw new Problem('InvalidInput', `${what} A valid target: maildir:/srv/mail.`, { field: 'target' });
}
