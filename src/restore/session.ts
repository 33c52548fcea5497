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
  const ledger = Ledger.open(settings.stateDir);
  try {
    const known = begun ? ledger.existingOperation(request.operationKey) : null;
    const target = await openTarget(url, known?.row().targetInstance);
    try {
      const operation = known ?? begin(ledger, store, target, request);
      const reportDir = reportDirOf(settings.stateDir, request, operation);
      mkdirSync(reportDir, { recursive: true, mode: 0o700 });
      return await body({ request, store, target, ledger, operation, reportDir });
    } finally {
      await target.close();
    }
  } finally {
    await ledger.close();
  }
}

function begin(
  ledger: Ledger,
  store: BackupPath,
  target: MailTarget,
  request: RestoreRequest,
): OperationLedger {
  const scope = ledger.scope(store.marker.serverId, target.id, target.instance);
  return ledger.operation(request.operationKey, request.operationId, scope, target.instance);
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
function reportDirOf(stateDir: string, request: RestoreRequest, operation: OperationLedger): string {
  const safe = request.operationId
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 80);
  return join(stateDir, 'reports', `${safe}-${operation.number}`);
}
