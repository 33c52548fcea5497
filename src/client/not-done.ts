/** The end of an operation that did not come to its end, for operations that have no report then. */
import { FAILURES, isFailureType } from '../failures';
import { EXIT, exitCodeOf } from './exit-codes';
import type { Outcome } from './outcome';
import { printJson, say } from './output';

/** @param what such as `Verification`. @returns the exit code */
export function showNotDone(
  what: string,
  operationId: string,
  outcome: Exclude<Outcome, { kind: 'done' }>,
  json: boolean,
): number {
  const cancelled = outcome.kind === 'cancelled';
  const message = cancelled ? `${what} cancelled.` : `${what} failed. ${outcome.message}`;
  say(message);
  const error = cancelled
    ? { type: 'Cancelled', message, remedy: null }
    : { type: outcome.type, message, remedy: remedyOf(outcome.type) };
  if (json) printJson({ status: outcome.kind, operationId, error });
  return cancelled ? EXIT.interrupted : exitCodeOf(outcome.type);
}

const remedyOf = (type: string): string | null => (isFailureType(type) ? FAILURES[type].remedy : null);
