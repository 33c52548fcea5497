/** What the exit code of a command says. Scripts rely on it, so a meaning is never changed. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  interrupted: 130,
} as const;

export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.done, 'done'],
  [EXIT.failed, 'failed'],
  [EXIT.usage, 'wrong usage or input; nothing was changed'],
  [EXIT.partial, 'done, but some items could not be restored, or something is wrong; the report names it'],
  [EXIT.interrupted, 'cancelled, or left running on Ctrl-C'],
];

/** Failures that the person who typed the command corrects in the command. */
const WRONG_INPUT: ReadonlySet<string> = new Set([
  'Usage',
  'InvalidInput',
  'SourceNotFound',
  'NotABackupPath',
  'UnknownDialect',
  'AccountNotFound',
  'LineTooLong',
  'ItemNotFound',
  'AccountOccupied',
  'TargetInsideSource',
  'SourceEmpty',
  'SecretUnusable',
  'SyncOverlap',
  'DestinationMissing',
  'CopyNotFound',
  'OutputOccupied',
  'DestinationOccupied',
  'DestinationOfOtherServer',
  'DestinationNotCaseSensitive',
  'ScheduleNotFound',
  'ScheduleIsForeign',
  'SavedConfigMissing',
  'OutputExists',
  'ConfirmationNeeded',
]);

export function exitCodeOf(failureType: string): number {
  return WRONG_INPUT.has(failureType) ? EXIT.usage : EXIT.failed;
}
