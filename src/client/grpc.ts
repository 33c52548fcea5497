/** The status codes of gRPC that commands tell apart. */
import { isGrpcDeadlineError, isGrpcServiceError } from '@temporalio/client';

export const GRPC = {
  cancelled: 1,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unavailable: 14,
} as const;

export function grpcCode(error: unknown): number | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (isGrpcServiceError(e)) return e.code;
  }
  return isGrpcDeadlineError(error) ? GRPC.deadlineExceeded : undefined;
}

/** The server is away or too busy; asking again later can succeed. */
export function isPassing(error: unknown): boolean {
  const code = grpcCode(error);
  return (
    code === GRPC.unavailable ||
    code === GRPC.deadlineExceeded ||
    code === GRPC.cancelled ||
    code === GRPC.resourceExhausted
  );
}

/**
 * Nobody answers a query: the server waits to the deadline for a worker, or says at once that it has seen none of late
 * (FAILED_PRECONDITION, "no poller seen for task queue recently").
 */
export function isUnanswered(error: unknown): boolean {
  const code = grpcCode(error);
  return code === GRPC.deadlineExceeded || code === GRPC.failedPrecondition;
}
