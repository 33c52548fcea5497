/** The end of a sync: how old the copy is now, on record here and in the copy. */
import type { FinishedSync } from './model';
import { OtherSideLook } from './other-side';
import { writeRecord } from './record';
import type { SyncContext } from './sync-context';
import { newToken } from './token';

/**
 * Keeps the time of this sync as that of the newest copy, or the former time when something was left out. Answers it.
 *
 * In the copy first: stopped between the two, the copy says what is true of it.
 */
export async function finishSync(
  context: SyncContext,
  serverId: string,
  { swept, purges, leftOut, ...figures }: FinishedSync,
): Promise<string | null> {
  const { request, place, source, transport, signal } = context;
  const startedAt = new Date(request.startedAt).toISOString();
  const before = place.record();
  const lastSuccess = leftOut === 0 ? startedAt : (before?.lastSuccess ?? null);
  if (lastSuccess === null && before === null) return null;
  const left = newToken(lastSuccess);
  await new OtherSideLook(transport, place.workDir, signal).leaveToken(JSON.stringify(left), source);
  writeRecord(place, {
    destination: request.input.destination,
    sourcePath: source,
    serverId,
    lastSuccess,
    endedAt: new Date().toISOString(),
    operationId: request.operationId,
    ...figures,
    lastDelete: swept ? startedAt : (before?.lastDelete ?? null),
    purges: [...((swept ? purges : null) ?? before?.purges ?? [])],
    token: left.token,
  });
  return lastSuccess;
}
