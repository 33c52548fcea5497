/** What a step of a restore works with: the store, the target, the ledger. Opened and closed together. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BackupPath } from '../backup-path/store';
import { Ledger } from '../ledger/ledger';
import type { OperationLedger } from '../ledger/operation-ledger';
import { localPathOf, openTarget } from '../mail/open-target';
import type { MailTarget } from '../mail/target';
import { Problem } from '../failures';
import { refuseOverlap } from './preflight';
import type { RestoreRequest, RestoreSettings } from './request';

export interface Session {
  readonly request: RestoreRequest;
  readonly store: BackupPath;
  readonly target: MailTarget;
  readonly ledger: Ledger;
  readonly operation: OperationLedger;
  readonly reportDir: string;
}

/**
 * @param begun false in the first step only: it creates the operation and the target, and a source that is not there is
 * the user's mistake. Later that is an outage, which is waited for, and the target must be the one it was: an empty
 * mount point in its place would be filled with a second copy.
 */
export async function withSession<T>(
  request: RestoreRequest,
  settings: RestoreSettings,
  begun: boolean,
  body: (session: Session) => Promise<T>,
): Promise<T> {
  const store = openStore(request.input.sourcePath, begun);
  const url = request.input.target ?? settings.defaultTarget;
  // before anything is opened: opening creates
  if (!begun) refuseOverlap(store, { target: localPathOf(url), state: settings.stateDir });
  return withLedger(request, settings, async (ledger) => {
    const known = begun ? knownOperation(ledger, request) : null;
    if (known) requireSameSource(store, known);
    const target = await openTarget(url, known?.row().places.targetInstance);
    try {
      const operation = known ?? begin(ledger, store, target, request);
      const reportDir = makeReportDir(settings.stateDir, request, operation);
      return await body({ request, store, target, ledger, operation, reportDir });
    } finally {
      await target.close();
    }
  });
}

export async function withLedger<T>(
  { ledgerId }: RestoreRequest,
  settings: RestoreSettings,
  body: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const ledger = Ledger.open(settings.stateDir);
  try {
    if (ledgerId !== undefined && ledger.id !== ledgerId) {
      throw new Problem(
        'StateUnavailable',
        `This worker has another ledger (in ${settings.stateDir}) than the one that planned the restore; workers of one ` +
          'task queue must share their state folder.',
      );
    }
    return await body(ledger);
  } finally {
    await ledger.close();
  }
}

export const knownOperation = (ledger: Ledger, request: RestoreRequest): OperationLedger =>
  ledger.existingOperation(request.operationKey);

function requireSameSource(store: BackupPath, operation: OperationLedger): void {
  const { serverId, serverName } = operation.row().places;
  if (store.marker.serverId === serverId) return;
  throw new Problem(
    'SourceUnavailable',
    `At ${store.root} is now the Backup Path of another server (${store.marker.serverName}, not ${serverName}).`,
    { path: store.root },
  );
}

function begin(
  ledger: Ledger,
  store: BackupPath,
  target: MailTarget,
  request: RestoreRequest,
): OperationLedger {
  const { serverId, serverName } = store.marker;
  const scope = ledger.scope(serverId, target.id, target.instance);
  return ledger.operation(request.operationKey, request.operationId, scope, {
    sourceRoot: store.root,
    serverId,
    serverName,
    dialect: store.dialect.name,
    targetId: target.id,
    targetInstance: target.instance,
    targetDescription: target.description,
  });
}

function openStore(path: string, begun: boolean): BackupPath {
  try {
    return BackupPath.open(path);
  } catch (error) {
    if (!begun || !(error instanceof Problem)) throw error;
    throw new Problem('SourceUnavailable', error.message, error.details, { cause: error });
  }
}

/** `reports/<operation id>-<number>`, the id made safe for a path: it comes from a user. */
export function makeReportDir(stateDir: string, request: RestoreRequest, operation: OperationLedger): string {
  const safe = request.operationId
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 80);
  const path = join(stateDir, 'reports', `${safe}-${operation.number}`);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Problem(
      'StateUnavailable',
      `${path} cannot be made: ${(error as Error).message}.`,
      { path },
      { cause: error },
    );
  }
  return path;
}
