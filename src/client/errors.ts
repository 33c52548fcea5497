/** What only a command fails with. */
import type { FailureType } from '../failures';

/** Beside the failures of Lifeboat as a whole, those that only a command can meet. */
export type CommandErrorType =
  | FailureType
  /** The command line itself is wrong. */
  | 'Usage'
  | 'OperationNotFound'
  /** There is none (yet), or not on this machine, or nothing to show it with. */
  | 'ReportNotFound'
  /** It can no longer be cancelled. */
  | 'OperationEnded'
  /** The id belongs to a workflow of another kind. */
  | 'OperationIsOther'
  | 'ScheduleNotFound'
  /** It was not made by Lifeboat, so it is left alone. */
  | 'ScheduleIsForeign'
  /** What it has started before still runs. */
  | 'ScheduleBusy'
  /** Nobody carries out what the server holds. */
  | 'NoWorker'
  /** The operation queue of the host was ended from outside. */
  | 'QueueLost'
  /** The Temporal server answered, with a refusal. */
  | 'ServerRefused';

/** An expected failure whose message says all there is to say, the remedy too. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    readonly type: CommandErrorType,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
