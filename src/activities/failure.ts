/** From a Problem of a library to a failure of Temporal. The only place where the two meet. */
import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import { explain, FAILURES, Problem } from '../failures';

/** A defect of ours is tried again, in case it passes, but not for ever: then it fails where people look. */
const UNEXPECTED_ATTEMPTS = 10;
/** By activity, how often it failed unexpectedly here; outages that were waited for do not count. */
const unexpectedSoFar = new Map<string, number>();

/**
 * What fails is asked again less and less often, for at most 30 s at a time. The retry policy itself waits a second:
 * that is for attempts that failed with their worker, and a worker that was killed ten times is no reason to wait.
 */
const nextRetryDelay = (): number => Math.min(30, 2 ** Math.min(10, activityInfo().attempt - 1)) * 1000;
/** The step has waited itself already. */
const BUSY_RETRY_MS = 500;

export function toFailure(error: unknown): Error {
  const problem = error instanceof Problem ? error : unexpected(error);
  const hopeless = problem.type === 'Unexpected' && countUnexpected() >= UNEXPECTED_ATTEMPTS;
  return ApplicationFailure.create({
    type: problem.type,
    message: explain(problem.type, problem.message),
    nonRetryable: hopeless || !FAILURES[problem.type].retryable,
    nextRetryDelay: problem.type === 'HostBusy' ? BUSY_RETRY_MS : nextRetryDelay(),
    details: [problem.details],
    ...(error instanceof Error && !(error instanceof Problem) ? { cause: error } : {}),
  });
}

const unexpected = (error: unknown): Problem =>
  new Problem('Unexpected', `${error instanceof Error ? error.message : String(error)}.`);

function countUnexpected(): number {
  const { activityId, workflowExecution } = activityInfo();
  const key = `${workflowExecution?.runId} ${activityId}`;
  const count = (unexpectedSoFar.get(key) ?? 0) + 1;
  if (count >= UNEXPECTED_ATTEMPTS) unexpectedSoFar.delete(key);
  else unexpectedSoFar.set(key, count);
  return count;
}
