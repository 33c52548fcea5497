/** From anything thrown to what a person, or a program, is told. */
import { isGrpcServiceError } from '@temporalio/client';
import { explain, FAILURES, Problem } from '../failures';
import { CommandError } from './errors';
import { exitCodeOf } from './exit-codes';

export interface Described {
  readonly type: string;
  /** All there is to say, the remedy too. */
  readonly message: string;
  /** By itself, where it can be told apart. */
  readonly remedy: string | null;
  readonly exitCode: number;
}

export function describeError(error: unknown): Described {
  if (error instanceof CommandError) return described(error.type, error.message);
  if (error instanceof Problem)
    return described(error.type, explain(error.type, error.message), FAILURES[error.type].remedy);
  const cause = grpcCause(error);
  if (cause) return described('ServerRefused', `The Temporal server answers: ${cause}.`);
  return described('Unexpected', error instanceof Error ? error.message : String(error));
}

function described(type: string, message: string, remedy: string | null = null): Described {
  return { type, message, remedy, exitCode: exitCodeOf(type) };
}

/** What the server says, which Temporal's client wraps into "Failed to ..." */
function grpcCause(error: unknown): string | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (isGrpcServiceError(e)) return e.details || e.message;
  }
  return undefined;
}
