/** Reading failures inside workflows. */
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  isCancellation,
} from '@temporalio/workflow';

/** The failure that an activity or a child really ended with; a cancellation stays what it is. */
export function unwrapFailure(error: unknown): unknown {
  if (isCancellation(error)) return error;
  if (
    (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) &&
    error.cause instanceof ApplicationFailure
  ) {
    const { message, type, details } = error.cause;
    return ApplicationFailure.create({
      message,
      nonRetryable: true,
      ...(type ? { type } : {}),
      ...(details ? { details } : {}),
      cause: error,
    });
  }
  return error;
}

export function failureMessage(error: unknown): string {
  const cause = unwrapFailure(error);
  return cause instanceof Error ? cause.message : String(cause);
}

/** Of what an activity or a child ended with; '' when it has none. */
export function typeOf(error: unknown): string {
  const cause = unwrapFailure(error);
  return (cause instanceof ApplicationFailure ? cause.type : null) ?? '';
}
