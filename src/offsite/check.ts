/** The first step of a sync: every guard that needs no comparison. Nothing is touched before all have passed. */
import { Problem } from '../failures';
import { destinationText } from '../contracts/destination';
import { guardOwner } from './guard-destination';
import { guardOverlap, guardSecrets, guardSource } from './guard-source';
import type { Checked } from './model';
import type { OtherSide } from './folder-side';
import { OtherSideLook } from './other-side';
import type { CopyRecord } from './place';
import { writeRecord } from './record';
import { guardRunning } from './running';
import type { SyncContext } from './sync-context';
import { parseToken } from './token';

/** @throws Problem of each guard; `SyncInterrupted` and the like when the other side cannot be asked */
export async function checkSync(context: SyncContext, stateDir: string): Promise<Checked> {
  const { source, store, place, transport, request, signal } = context;
  const { destination } = transport;
  const { dryRun, allowEmptyDestination } = request.input;
  guardSource(source);
  guardSecrets(transport);
  if (destination.kind === 'path') guardOverlap(source, destination.path, stateDir);
  if (!dryRun) guardRunning(destination);
  const known = place.record();
  const other = new OtherSideLook(transport, place.workDir, signal);
  const side = await other.look();
  const { serverId } = store.marker;
  const first = guardOwner(destinationText(destination), side, serverId, known, allowEmptyDestination);
  if (!dryRun) {
    if (!side.exists) await other.make(source);
    await other.probe(source);
  }
  const now = await recognise(context, other, side, first, known);
  return { first, serverId, lastSuccess: now?.lastSuccess ?? null, changed: now !== known };
}

/**
 * What is on record of the copy that is there. One that is not what the newest sync left, such as a disk with an older
 * copy of the same server, is only as new as it says itself, and that goes on record at once.
 */
async function recognise(
  { place, request }: SyncContext,
  other: OtherSideLook,
  side: OtherSide,
  first: boolean,
  known: CopyRecord | null,
): Promise<CopyRecord | null> {
  if (known === null) return null;
  const found = first ? null : parseToken(await other.token(side));
  if ((found?.token ?? null) === known.token && !first) return known;
  const lastSuccess = found?.lastSuccess ?? null;
  const now = { ...known, lastSuccess, token: found?.token ?? null, lastDelete: null, purges: [] };
  if (!request.input.dryRun) writeRecord(place, now);
  return now;
}

/**
 * The destination holds the copy of this server still.
 * @throws Problem `DestinationGone`, `DestinationOfOtherServer`, `DestinationOccupied`, `DestinationMissing`
 */
export async function assertSameDestination(context: SyncContext, serverId: string): Promise<void> {
  const { place, transport, signal } = context;
  const where = destinationText(transport.destination);
  const side = await new OtherSideLook(transport, place.workDir, signal).look();
  if (side.marker === null) {
    const what = `${where} held the copy when this sync began, and has no backup.json any more.`;
    throw new Problem('DestinationGone', what);
  }
  guardOwner(where, side, serverId, null, false);
}
