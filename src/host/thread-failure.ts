/** How a failure crosses from a worker thread to the one that started it: errors lose their class on the way. */
import { isFailureType, Problem } from '../failures';

export type ThreadFailure =
  | {
      readonly kind: 'problem';
      readonly type: string;
      readonly message: string;
      readonly details: Record<string, unknown>;
    }
  | { readonly kind: 'error'; readonly message: string; readonly stack: string | undefined };

/** In the thread. */
export function toThreadFailure(error: unknown): ThreadFailure {
  if (error instanceof Problem) {
    return { kind: 'problem', type: error.type, message: error.message, details: error.details };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'error', message, stack };
}

/** Outside: the Problem that was thrown, or an error with the words and the stack of the one that was. */
export function fromThreadFailure(failure: ThreadFailure): Error {
  if (failure.kind === 'problem' && isFailureType(failure.type)) {
    return new Problem(failure.type, failure.message, failure.details);
  }
  const error = new Error(failure.message);
  if (failure.kind === 'error' && failure.stack !== undefined) error.stack = failure.stack;
  return error;
}
