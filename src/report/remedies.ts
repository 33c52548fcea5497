/** What the operator can do about a finding: one sentence for each cause that can be told apart. */
import type { Evidence } from '../backup-path/evidence';

export const REMEDIES = {
  permissions:
    'Give the user that runs the worker read access to the whole Backup Path (chown -R, chmod -R u+rX), then retry.',
  allowOther:
    'Mount the remote file system again as root with -o allow_other, so that the user of the worker may read it, then retry.',
  remount:
    'The mount lost its server: mount it again; if the link is poor, copy the Backup Path to a local disk with rsync first; then retry.',
  links: 'Put the file itself in the place of the links that lead round in a circle, then retry.',
  missing:
    'Fetch the file from another copy of the Backup Path with rsync and retry; without one, rescue an older state.',
  serverConfig:
    'Fetch the folder server from another copy of the Backup Path with rsync; without it a restore takes the domains from the accounts, and no classes of service or lists.',
  hardware:
    'Check the disk and the RAID array (fsck, state of the array), fetch the file from another copy with rsync and retry; without one, rescue what is left.',
  metadata: 'Fetch this metadata file from another copy of the Backup Path with rsync --checksum and retry.',
  content:
    'Fetch the file from another copy of the Backup Path with rsync --checksum and retry; without one, rescue an older state or what is left of it.',
  lineLimit:
    'Raise the line limit of the target (zimbra_lmtp_max_line_length) above the longest line and retry, or rescue the message as a file.',
  refused: 'The target refuses the item for what it is: rescue it as a file and import it by another way.',
  unsupported: 'The target cannot hold this kind of item: import the saved file elsewhere.',
  doubtful: 'Look for it in the mailbox; when it is not there, rescue the message as a file and import it.',
  later: 'The mailbox was locked or out of service: retry once it works.',
  quota: 'Give the account more room (its quota) and retry.',
  unclassed:
    'Look at the item on the mail host (`carbonio backup getItem`): why it was not restored could not be found out.',
  nothing: 'Nothing needs to be done: the content is intact and is restored.',
} as const;
export type RemedyName = keyof typeof REMEDIES;
export const REMEDY_NAMES = Object.keys(REMEDIES) as RemedyName[];

/** Of a blob; what else can be broken is metadata. */
const BLOB = /\/items\/[A-Za-z0-9+,]{2}\/[A-Za-z0-9+,=]{44,64}$/;

/** The folder of the server's configuration, which has no older states to fall back on. */
const SERVER_CONFIG = /\/server$/;

const BY_ERROR: Readonly<Record<string, RemedyName>> = {
  EACCES: 'permissions',
  EPERM: 'permissions',
  ELOOP: 'links',
  ENOTCONN: 'remount',
  ESTALE: 'remount',
  ETIMEDOUT: 'remount',
  ENOENT: 'missing',
};

export interface Remediable {
  /** A class of the report, or of a verification. */
  readonly class: string;
  readonly reason: string;
  readonly evidence?: Evidence | undefined;
}

export function remedyNameOf({ class: kind, reason, evidence = {} }: Remediable): RemedyName {
  switch (kind) {
    case 'read': {
      const name = BY_ERROR[evidence.error ?? ''] ?? 'hardware';
      if (name === 'missing' && SERVER_CONFIG.test(evidence.path ?? '')) return 'serverConfig';
      // root itself is shut out of another user's FUSE mount, so no chown would help
      return name === 'permissions' && evidence.fuse ? 'allowOther' : name;
    }
    case 'broken':
      return BLOB.test(evidence.path ?? '') ? 'content' : 'metadata';
    case 'invalid':
      if (/\bover quota\b/i.test(reason)) return 'quota';
      if (/\bis locked or does not work\b|\btakes? (nothing|it) for now\b|\bhas said so for \d/.test(reason))
        return 'later';
      return /\bline of \d+ bytes/.test(reason) ? 'lineLimit' : 'refused';
    case 'unsupported':
      return 'unsupported';
    case 'doubtful':
      return 'doubtful';
    case 'unclassed':
      return 'unclassed';
    default:
      return 'nothing';
  }
}

export const remedyOf = (finding: Remediable): string => REMEDIES[remedyNameOf(finding)];
