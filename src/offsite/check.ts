/** The first step of a sync: every guard that needs no comparison. Nothing is touched before all have passed. */
import { Problem } from '../failures';
import { destinationText } from '../contracts/destination';
import { guardOwner } from './guard-destination';
import { guardOverlap, guardSecrets, guardSource } from './guard-source';
import type { Checked } from './model';
import { OtherSideLook } from './other-side';
import { guardRunning } from './running';
import type { SyncContext } from './sync-context';

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
  return { first, serverId, lastSuccess: known?.lastSuccess ?? null };
}

/**
 * The source is that of the start, and whole: a volume below it may have been unmounted meanwhile. To be looked at before
 * a step and after it, for rsync takes an empty folder for what the source has.
 * @throws Problem `SourceUnavailable`
 */
export function assertSameSource({ store }: SyncContext, serverId: string): void {
  if (store.marker.serverId !== serverId) {
    const what = `At ${store.root} is now the Backup Path of another server (${store.marker.serverName}).`;
    throw new Problem('SourceUnavailable', what, { path: store.root });
  }
  try {
    guardSource(store.root);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem('SourceUnavailable', error.message, error.details, { cause: error });
  }
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
