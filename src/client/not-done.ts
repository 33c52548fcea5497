/** The end of an operation that did not come to its end, for operations that have no report then. */
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
  if (json) printJson({ status: outcome.kind, operationId, error: { message } });
  return cancelled ? EXIT.interrupted : exitCodeOf(outcome.type);
}
