/**
 * Every way in which Lifeboat fails, in one closed list.
 *
 * Libraries throw a {@link Problem} that names one of these types; the activities turn it into an
 * ApplicationFailure of the same type (activities/failure.ts). Nothing else is thrown on purpose.
 * Pure data: this file is imported by workflows and must not touch Node.
 */
export interface FailureKind {
  /** Whether trying again, unchanged, can succeed. */
  readonly retryable: boolean;
  /** What the operator does next. One sentence. */
  readonly remedy: string;
}

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
  HostBusy: {
    retryable: true,
    remedy:
      'It goes on by itself when that one has ended (`lifeboat queue` lists what runs); end a process that hangs by its pid.',
  },
  QueueFull: { retryable: true, remedy: 'Stop operations that are not needed (`lifeboat queue stop`).' },
  OperationNotFound: { retryable: false, remedy: 'Choose one of those that `lifeboat queue` lists.' },
  OverrideBusy: {
    retryable: true,
    remedy: 'It goes on by itself when that one is back (`lifeboat overrides list`).',
  },
  OverrideConflict: {
    retryable: false,
    remedy: 'Decide which value is right, set it, and start again (`lifeboat overrides list`).',
  },
  OverrideNotProved: {
    retryable: true,
    remedy: 'Look whether the server is up and reads its configuration anew (`lifeboat validator probe`).',
  },
  OverrideExpired: {
    retryable: false,
    remedy: 'Start it again; it goes on where it was. A longer time is set with deadlineSeconds.',
  },
  ReloadPending: {
    retryable: true,
    remedy: 'Bring the server up; Lifeboat goes on by itself, and so does `lifeboat overrides revert --all`.',
  },
  JournalDamaged: {
    retryable: false,
    remedy: 'Look into the file, put the setting back by hand, and remove the file.',
  },
  HolderGone: { retryable: false, remedy: 'Nothing: the operation that wanted the change has ended.' },
  StaleAttempt: { retryable: true, remedy: 'Nothing: a newer attempt has taken over.' },
  StateUnavailable: {
    retryable: true,
    remedy: 'Make the state folder of the worker writable and give it space.',
  },
  RsyncMissing: {
    retryable: false,
    remedy:
      'Install rsync (and util-linux, for setpriv) on the machine of the worker, e.g. apt-get install rsync.',
  },
  SecretUnusable: {
    retryable: false,
    remedy:
      'Correct the file as named in the message: it must be a regular file that only its owner can read.',
  },
  SourceEmpty: {
    retryable: false,
    remedy: 'Check that the volume of the Backup Path is mounted and that this is the right folder.',
  },
  SyncOverlap: {
    retryable: false,
    remedy: 'Choose a destination that neither is in the Backup Path (or the state folder) nor holds it.',
  },
  DestinationMissing: {
    retryable: false,
    remedy: 'Mount the volume of the copy, or make the folder above the destination.',
  },
  DestinationGone: {
    retryable: false,
    remedy:
      'Mount the volume of the copy. When the copy was removed on purpose, allow a new one (--allow-empty-destination).',
  },
  DestinationOccupied: {
    retryable: false,
    remedy: 'Choose an empty folder, or one that holds a copy of this Backup Path with its backup.json.',
  },
  DestinationOfOtherServer: {
    retryable: false,
    remedy: 'Choose a folder of its own for each server.',
  },
  DestinationNotCaseSensitive: {
    retryable: false,
    remedy:
      'Choose a file system that tells upper from lower case (ext4, XFS, ZFS), not exFAT, FAT or a share of Windows or macOS.',
  },
  CopyNotFound: {
    retryable: false,
    remedy: 'Check where the copy is, and mount its volume; a sync that was stopped early can be run again.',
  },
  OutputOccupied: {
    retryable: false,
    remedy: 'Choose a folder that is empty, or one that the same fetch has begun.',
  },
  DestinationTooSmall: {
    retryable: false,
    remedy: 'Free space at the destination, or choose a larger one, then start the same sync again.',
  },
  DestinationFull: {
    retryable: true,
    remedy: 'Free space at the destination; the sync goes on by itself.',
  },
  TooManyDeletions: {
    retryable: false,
    remedy:
      'Look with --dry-run at what would be deleted. When it is right, allow it with --max-delete and --max-delete-percent.',
  },
  SyncRunning: {
    retryable: true,
    remedy: 'It goes on by itself when that one has ended; end a process that hangs by its pid.',
  },
  SyncInterrupted: {
    retryable: true,
    remedy: 'Check the network and the other side; the same sync goes on from what is there.',
  },
  SyncIncomplete: {
    retryable: true,
    remedy:
      'Mend what the message names (rights, a bad disk); nothing was deleted. Then start the same sync again.',
  },
  SyncRefused: {
    retryable: false,
    remedy:
      'Correct what the message names (module, login, key, known hosts, a read-only module, rsync there).',
  },
  ServerMissing: {
    retryable: false,
    remedy: 'Run `npm run setup`, or set TEMPORAL_CLI_PATH to the Temporal CLI.',
  },
  ServerUnreachable: {
    retryable: true,
    remedy: 'Look into the log of the Temporal server; end the process named, if any, and try again.',
  },
  CommandMissing: {
    retryable: false,
    remedy: 'Install the program, or name it in the variable of the message (docs/carbonio-host.md).',
  },
  CommandTimeout: {
    retryable: true,
    remedy: 'Look at the load of the mail host; raise LIFEBOAT_CARBONIO_TIMEOUT_SECONDS if it is only slow.',
  },
  CommandInterrupted: {
    retryable: true,
    remedy: 'Look into the system log of the mail host for what ended it (memory, an administrator).',
  },
  CommandFailed: { retryable: false, remedy: 'Do what the answer of the mail host in the message asks for.' },
  HostUnavailable: { retryable: true, remedy: 'Start the mail server, or wait until it has started.' },
  UnknownOutput: {
    retryable: false,
    remedy:
      'Look at the output in the details and at the mail host itself: whether it succeeded is not known.',
  },
  HostOperationUnclear: {
    retryable: false,
    remedy:
      'Look on the mail host which of them is ours (`carbonio core getAllOperations`), stop the others, and start again.',
  },
  HostOperationLost: {
    retryable: false,
    remedy:
      'Look into the log of the mail server for why it ends operations; started again, the restore goes on.',
  },
  HostOperationFailed: {
    retryable: false,
    remedy: 'Do what the mail host says in the message; started again, what is done counts as skipped.',
  },
  NeedsOperator: {
    retryable: false,
    remedy:
      'Look at the notifications and the log of the mail host: what is named was not proved to be done. Started again, what is done counts as skipped.',
  },
  HostNotReady: {
    retryable: false,
    remedy: 'Mend what the message names on the mail host, or start with forceAsExternalRestore.',
  },
  LocalConfigUnusable: {
    retryable: false,
    remedy: 'Check LIFEBOAT_LOCALCONFIG_FILE, that the file is whole, and that the worker may read it.',
  },
  AdminRefused: {
    retryable: false,
    remedy:
      'Check LIFEBOAT_ADMIN_USER, LIFEBOAT_ADMIN_PASSWORD_FILE, LIFEBOAT_ADMIN_CA_FILE and the rights of that administrator.',
  },
  ProbeRefused: {
    retryable: false,
    remedy:
      'Check the scratch recipient and LIFEBOAT_LMTP_ADDRESS; the probe proves nothing until it is delivered.',
  },
  Unexpected: { retryable: true, remedy: 'Look into the log of the worker; report it if it is a defect.' },
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
