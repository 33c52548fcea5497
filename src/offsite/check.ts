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

/** @throws Problem `SourceUnavailable` when the source is another than at the start */
export function assertSameSource({ store }: SyncContext, serverId: string): void {
  if (store.marker.serverId === serverId) return;
  const what = `At ${store.root} is now the Backup Path of another server (${store.marker.serverName}).`;
  throw new Problem('SourceUnavailable', what, { path: store.root });
}
