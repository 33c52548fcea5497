/**
 * Every way in which Lifeboat fails, in one closed list.
 *
 * Libraries throw a {@link Problem} that names one of these types; the activities turn it into an
 * ApplicationFailure of the same type (activities/failure.ts). Nothing else is thrown on purpose.
 * Those of the mail host, of offsite copies and of settings stand in failure-tables.ts. Pure data: imported by workflows, it must not
 * touch Node.
 */
import { CONFIG_FAILURES, HOST_FAILURES, OFFSITE_FAILURES, type FailureKind } from './failure-tables';

export const FAILURES = {
  InvalidInput: { retryable: false, remedy: 'Correct the named fields and start again.' },
  SourceNotFound: {
    retryable: false,
    remedy: 'Check the path, or mount the volume that holds the Backup Path.',
  },
  SourceNotReadable: {
    retryable: false,
    remedy: 'Give the user that runs the worker read access to the whole Backup Path (chown -R or chmod -R).',
  },
  NotABackupPath: {
    retryable: false,
    remedy: 'Name the folder that holds backup.json, accounts/ and items/.',
  },
  UnknownDialect: {
    retryable: false,
    remedy: 'Use a release of Lifeboat that knows this dialect, or restore with Carbonio itself.',
  },
  AccountNotFound: {
    retryable: false,
    remedy: 'Correct the names, or leave the filter out to restore every account.',
  },
  ItemNotFound: {
    retryable: false,
    remedy: 'Look for its id (`lifeboat search`) and its states (`lifeboat item <account> <id> --date all`).',
  },
  AccountOccupied: {
    retryable: false,
    remedy: 'Choose another address, or say that the account may be there (existingAccount).',
  },
  TargetInsideSource: { retryable: false, remedy: 'Choose a target outside the Backup Path.' },
  TargetRefused: { retryable: false, remedy: 'Correct the target as named in the message.' },
  CertificateRefused: {
    retryable: false,
    remedy: 'Name the authority that signed it (ca=/path/of/a.pem in the target), or correct the host name.',
  },
  LoginRefused: {
    retryable: false,
    remedy: 'Correct the user or the secret of the target, or create the account in it.',
  },
  DomainMissing: {
    retryable: false,
    remedy: 'Create the domains in the target, or leave skipDomainProvisioning out.',
  },
  AccountMissing: {
    retryable: false,
    remedy: 'Create the accounts in the target, or leave skipAccountProvisioning out.',
  },
  TargetTooSmall: {
    retryable: false,
    remedy: 'Free space in the target or choose a larger one, then start the same restore again.',
  },
  TargetFull: { retryable: true, remedy: 'Free space in the target; the restore goes on by itself.' },
  SourceUnavailable: {
    retryable: true,
    remedy: 'Bring the Backup Path back (mount, network, permissions); the restore goes on by itself.',
  },
  TargetUnavailable: {
    retryable: true,
    remedy: 'Bring the target back (mount, network, permissions); the restore goes on by itself.',
  },
  MailboxPutsOff: {
    retryable: false,
    remedy:
      'See on the mail server why that mailbox takes nothing (maintenance, a lock, its store), then start the same restore again: it goes on where it was. Or leave the account out: name the others (accounts).',
  },
  HostBusy: {
    retryable: true,
    remedy:
      'It goes on by itself when that one has ended (`lifeboat queue` lists what runs); end a process that hangs by its pid.',
  },
  QueueFull: { retryable: true, remedy: 'Stop operations that are not needed (`lifeboat queue stop`).' },
  OperationNotFound: { retryable: false, remedy: 'Choose one of those that `lifeboat queue` lists.' },
  StaleAttempt: { retryable: true, remedy: 'Nothing: a newer attempt has taken over.' },
  StateUnavailable: {
    retryable: true,
    remedy: 'Make the state folder of the worker writable and give it space.',
  },
  SecretUnusable: {
    retryable: false,
    remedy:
      'Correct the file as named in the message: it must be a regular file that only its owner can read.',
  },
  ServerMissing: {
    retryable: false,
    remedy: 'Run `npm run setup`, or set TEMPORAL_CLI_PATH to the Temporal CLI.',
  },
  ServerUnreachable: {
    retryable: true,
    remedy: 'Look into the log of the Temporal server; end the process named, if any, and try again.',
  },
  Unexpected: { retryable: true, remedy: 'Look into the log of the worker; report it if it is a defect.' },
  ...HOST_FAILURES,
  ...OFFSITE_FAILURES,
  ...CONFIG_FAILURES,
} as const satisfies Record<string, FailureKind>;

export type FailureType = keyof typeof FAILURES;

/** A failure that a person can act on: what, which thing, and (from the table) what to do. */
export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly type: FailureType,
    message: string,
    /** For machines; never a secret, never a list that grows with the store. */
    readonly details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function isFailureType(value: unknown): value is FailureType {
  return typeof value === 'string' && Object.hasOwn(FAILURES, value);
}

/** The message and what to do about it, as shown to people. */
export function explain(type: FailureType, message: string): string {
  return `${message} ${FAILURES[type].remedy}`;
}
