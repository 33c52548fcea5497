/** What a step of a restore works with: the store, the target, the ledger. Opened and closed together. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BackupPath } from '../backup-path/store';
import { Ledger } from '../ledger/ledger';
import type { OperationLedger } from '../ledger/operation-ledger';
import { safeName } from '../host/safe-name';
import { localPathOf, openTarget } from '../mail/open-target';
import type { MailTarget } from '../mail/target';
import { Problem } from '../failures';
import { readChosen, type Chosen } from './chosen';
import { refuseOverlap } from './preflight';
import type { RestoreRequest, RestoreSettings } from './request';
import { PLAIN_VIEW, viewOf, type View } from './view';

export interface Session {
  readonly request: RestoreRequest;
  readonly store: BackupPath;
  readonly target: MailTarget;
  readonly ledger: Ledger;
  readonly operation: OperationLedger;
  readonly reportDir: string;
  /** Null: every item. */
  readonly chosen: Chosen | null;
  readonly view: View;
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
  const store = begun ? openStore(request.input.sourcePath, true) : openPlaces(request, settings);
  const url = urlOf(request, settings);
  return withLedger(request, settings, async (ledger) => {
    const known = begun ? knownOperation(ledger, request) : null;
    if (known) requireSameSource(store, known);
    const target = await openTarget(url, known?.row().places.targetInstance, settings.secretsDir);
    try {
      const operation = known ?? begin(ledger, store, target, request);
      const reportDir = makeReportDir(settings.stateDir, request, operation);
      const view = operation.row().view ?? PLAIN_VIEW;
      const chosen = chosenOf(request, view);
      return await body({ request, store, target, ledger, operation, reportDir, chosen, view });
    } finally {
      await target.close();
    }
  });
}

function chosenOf({ input }: RestoreRequest, { account, items }: View): Chosen | null {
  if (account !== null) return new Map([[account, items ?? 'all']]);
  return input.onlyItems === undefined ? null : readChosen(input.onlyItems);
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
  const { operationKey, operationId, input } = request;
  const places = {
    sourceRoot: store.root,
    serverId,
    serverName,
    dialect: store.dialect.name,
    targetId: target.id,
    targetInstance: target.instance,
    targetDescription: target.description,
  };
  const view = viewOf(input, store, operationKey, Date.now());
  return ledger.operation(operationKey, operationId, scope, places, view);
}

const urlOf = ({ input }: RestoreRequest, settings: RestoreSettings): string =>
  input.target ?? settings.defaultTarget;

/** The source, and a look at where the target is; before anything is opened there, for that creates. */
export function openPlaces(request: RestoreRequest, settings: RestoreSettings): BackupPath {
  const store = BackupPath.open(request.input.sourcePath);
  refuseOverlap(store, { target: localPathOf(urlOf(request, settings)), state: settings.stateDir });
  return store;
}

export function openStore(path: string, begun: boolean): BackupPath {
  try {
    return BackupPath.open(path);
  } catch (error) {
    throw begun ? asOutage(error) : error;
  }
}

const NOT_OPENED: ReadonlySet<string> = new Set([
  'SourceNotFound',
  'SourceNotReadable',
  'NotABackupPath',
  'UnknownDialect',
]);

/** A store that was there and cannot be opened any more has gone away; other failures stay what they are. */
export function asOutage(error: unknown): unknown {
  if (!(error instanceof Problem) || !NOT_OPENED.has(error.type)) return error;
  return new Problem('SourceUnavailable', error.message, error.details, { cause: error });
}

/** `reports/<operation id>-<number>`, the id made safe for a path: it comes from a user. */
export function makeReportDir(stateDir: string, request: RestoreRequest, operation: OperationLedger): string {
  const path = join(stateDir, 'reports', `${safeName(request.operationId)}-${operation.number}`);
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
