/** From anything thrown to what a person, or a program, is told. */
import { isGrpcServiceError } from '@temporalio/client';
import { explain, Problem, type FailureType } from '../failures';
import { exitCodeOf } from './exit-codes';

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

export interface Described {
  readonly type: string;
  readonly message: string;
  readonly exitCode: number;
}

export function describeError(error: unknown): Described {
  if (error instanceof CommandError) return described(error.type, error.message);
  if (error instanceof Problem) return described(error.type, explain(error.type, error.message));
  const cause = grpcCause(error);
  if (cause) return described('ServerRefused', `The Temporal server answers: ${cause}.`);
  return described('Unexpected', error instanceof Error ? error.message : String(error));
}

function described(type: string, message: string): Described {
  return { type, message, exitCode: exitCodeOf(type) };
}

/** What the server says, which Temporal's client wraps into "Failed to ..." */
function grpcCause(error: unknown): string | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (isGrpcServiceError(e)) return e.details || e.message;
  }
  return undefined;
}
