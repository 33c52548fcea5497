import { Problem } from '../../failures';
import type { FailureType } from '../../failures';

/** A failed system call, as Node reports it. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** What passes when a volume, a server or a permission comes back. */
const UNAVAILABLE = new Set([
  'EIO',
  'ENOENT',
  'ESTALE',
  'ENOTCONN',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENODEV',
  'ENXIO',
  'EROFS',
  'EACCES',
  'EPERM',
  'EBUSY',
]);
/** What stays until somebody changes the target. */
const REFUSED = new Set([
  'ELOOP',
  'ENOTDIR',
  'EISDIR',
  'EEXIST',
  'ENAMETOOLONG',
  'EINVAL',
  'EMLINK',
  'EFBIG',
]);

/** The same for a message to people: the code and the system's own words. */
export function systemReason(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

/**
 * What a failed system call on the target means. A Problem and anything that is no system error are returned as
 * they are.
 */
export function targetProblem(error: unknown, path: string): Error {
  const code = errorCode(error);
  if (error instanceof Problem) return error;
  if (code === undefined) return error instanceof Error ? error : new Error(String(error), { cause: error });
  const [type, sentence]: [FailureType, string] = FULL.has(code)
    ? ['TargetFull', `No space is left in the target at ${path}`]
    : UNAVAILABLE.has(code)
      ? ['TargetUnavailable', `The target cannot be used at ${path}`]
      : REFUSED.has(code)
        ? ['TargetRefused', `The target does not allow this at ${path}`]
        : ['Unexpected', `The target failed at ${path}`];
  return new Problem(type, `${sentence} (${systemReason(error)}).`, { path, code }, { cause: error });
}

/** Runs file operations on the target; a system error is thrown as the Problem that it means. */
export function onTarget<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw targetProblem(error, path);
  }
}

/** The same for asynchronous operations. */
export async function onTargetAsync<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw targetProblem(error, path);
  }
}
