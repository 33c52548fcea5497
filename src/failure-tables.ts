/** Parts of the list of failures (failures.ts): what only the mail host, offsite copies, or settings can meet. Pure data. */
export interface FailureKind {
  /** Whether trying again, unchanged, can succeed. */
  readonly retryable: boolean;
  /** What the operator does next. One sentence. */
  readonly remedy: string;
}

export const HOST_FAILURES = {
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
  OverrideNotProvable: {
    retryable: false,
    remedy:
      'Set zimbra_lmtp_max_line_length to 200 to 4194303 bytes, or unset it, with zmlocalconfig, reload, and start again.',
  },
  OverrideExpired: {
    retryable: false,
    remedy: 'Start it again; it goes on where it was. A longer time is set with deadlineSeconds.',
  },
  OverrideNotBack: {
    retryable: true,
    remedy:
      'Do what the answer of the mail host asks for; it goes back by itself (`lifeboat overrides list`).',
  },
  LineTooLong: {
    retryable: false,
    remedy:
      'Restore the others with lineLimit 1048576 (--line-limit) and rescue this one as a file, or switch the validator off (disable with acceptRisk).',
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
  RestoreIncomplete: {
    retryable: false,
    remedy: 'Look at the report of the restore; start it again, it brings only what is missing.',
  },
  RecoveryUnfinished: {
    retryable: false,
    remedy:
      'Do what the message names and try the step again (`lifeboat dr retry`), or leave it so (`lifeboat dr skip`).',
  },
  SameServer: {
    retryable: false,
    remedy:
      'Use the runbook sameServerRestore (`lifeboat dr start same-server-restore`), or snapshotRecovery on a clone.',
  },
  CopyRefused: {
    retryable: false,
    remedy: 'Name the right folder; docs/disaster-recovery.md says which runbook is for what.',
  },
  ProbeRefused: {
    retryable: false,
    remedy:
      'Check the scratch recipient and LIFEBOAT_LMTP_ADDRESS; the probe proves nothing until it is delivered.',
  },
} as const satisfies Record<string, FailureKind>;

export const OFFSITE_FAILURES = {
  RsyncMissing: {
    retryable: false,
    remedy:
      'Install rsync (and util-linux, for setpriv) on the machine of the worker, e.g. apt-get install rsync.',
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
  CopyRecordDamaged: {
    retryable: false,
    remedy:
      'Move that file away: the next sync to this destination writes it anew. Until then the age of the copy is not known.',
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
    remedy: 'Mend what the message names (rights, a bad disk), then start the same sync again.',
  },
  SyncRefused: {
    retryable: false,
    remedy:
      'Correct what the message names (module, login, key, known hosts, a read-only module, rsync there).',
  },
} as const satisfies Record<string, FailureKind>;

export const CONFIG_FAILURES = {
  SavedConfigMissing: {
    retryable: false,
    remedy: 'Look which states are saved (`--date all`); another copy of the Backup Path may have more.',
  },
  SavedConfigDamaged: {
    retryable: false,
    remedy: 'Take an older state (`--date all` lists them), or another copy of the Backup Path.',
  },
  ArchiveRefused: {
    retryable: false,
    remedy: 'Nothing was extracted. Look where the Backup Path comes from before anything of it is trusted.',
  },
  OutputExists: {
    retryable: false,
    remedy: 'Name what is not there yet; for a folder, an empty one will do.',
  },
  ConfirmationNeeded: {
    retryable: false,
    remedy: 'Nothing was changed. When it is meant, start it again with confirm: true (--yes).',
  },
} as const satisfies Record<string, FailureKind>;
