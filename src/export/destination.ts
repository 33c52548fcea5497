/** Where an export is written: guarded before, recognised by its marker ever after. */
import { randomUUID } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../backup-path/defect';
import type { Marker } from '../backup-path/model';
import { Problem } from '../failures';
import { guardOverlap } from '../offsite/guard-source';

/** Makes a folder an export of ours. Beside the files of a Backup Path, where no reader looks. */
export const EXPORT_MARKER = 'lifeboat-export.json';
/** On the same file system: what is copied here is renamed into its place once it is proved. */
export const STAGING = '.lifeboat-export';

const marker = z.object({ exportId: z.string(), serverId: z.string(), serverName: z.string() });

type Source = { readonly root: string; readonly marker: Marker };

/**
 * The destination, made when only its last folder is missing. @returns its id and whether it is new
 * @throws Problem as `lookAtDestination`, `DestinationNotCaseSensitive`, `DestinationFull`
 */
export function openDestination(
  path: string,
  source: Source,
  stateDir: string,
): { root: string; exportId: string; fresh: boolean } {
  const { root, exportId: known } = lookAtDestination(path, source, stateDir);
  if (known !== null) return { root, exportId: known, fresh: false };
  return onDestination(path, () => {
    if (!existsSync(root)) mkdirSync(root, { mode: 0o750 });
    const exportId = randomUUID();
    const { serverId, serverName } = source.marker;
    putFile(join(root, EXPORT_MARKER), JSON.stringify({ exportId, serverId, serverName }));
    if (existsSync(join(root, EXPORT_MARKER.toUpperCase()))) {
      rmSync(join(root, EXPORT_MARKER));
      throw new Problem('DestinationNotCaseSensitive', `${path} does not tell upper from lower case.`, {
        path,
      });
    }
    return { root, exportId, fresh: true };
  });
}

/**
 * Changes nothing. @returns its real path, which may not be there yet, and its id when it is an export
 * @throws Problem `SyncOverlap`, `DestinationMissing`, `DestinationOccupied`, `DestinationOfOtherServer`,
 * `TargetUnavailable`
 */
export function lookAtDestination(
  path: string,
  source: Source,
  stateDir: string,
): { root: string; exportId: string | null } {
  guardOverlap(source.root, path, stateDir);
  return onDestination(path, () => {
    const isThere = existsSync(path);
    if (!isThere && !existsSync(dirname(path)))
      throw new Problem('DestinationMissing', `The folder ${dirname(path)} is not there.`, { path });
    const root = isThere ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
    if (isThere && !statSync(root).isDirectory())
      throw new Problem('DestinationOccupied', `${path} is no folder.`, { path });
    accessSync(isThere ? root : dirname(root), constants.W_OK | constants.X_OK);
    if (!isThere) return { root, exportId: null };
    const known = readMarker(root);
    if (known !== null && known.serverId !== source.marker.serverId)
      throw new Problem('DestinationOfOtherServer', `${path} holds an export of ${known.serverName}.`);
    if (known !== null) return { root, exportId: known.exportId };
    const names = readdirSync(root).filter((name) => name !== 'lost+found');
    if (names.length > 0)
      throw new Problem(
        'DestinationOccupied',
        `${path} is not empty (${JSON.stringify(names[0])}) and no export of Lifeboat.`,
        { path },
      );
    return { root, exportId: null };
  });
}

function readMarker(root: string): z.output<typeof marker> | null {
  let text: string;
  try {
    text = readFileSync(join(root, EXPORT_MARKER), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    return marker.parse(JSON.parse(text));
  } catch {
    throw new Problem(
      'DestinationOccupied',
      `The ${EXPORT_MARKER} in ${root} is not one that is understood.`,
    );
  }
}

/** @throws Problem `TargetUnavailable` when another folder is there than at the start: an empty mount point, say */
export function assertSameDestination(root: string, exportId: string): void {
  const found = onDestination(root, () => readMarker(root));
  if (found?.exportId === exportId) return;
  throw new Problem('TargetUnavailable', `${root} is not the export that was begun: its marker is gone.`, {
    path: root,
  });
}

/** Failures of the destination, as what they are. */
export function onDestination<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw destinationProblem(error, path);
  }
}

export function destinationProblem(error: unknown, path: string): unknown {
  const code = errorCode(error);
  if (code === undefined || error instanceof Problem) return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const what = `The destination ${path} cannot be written (${code}).`;
  return new Problem(full ? 'DestinationFull' : 'TargetUnavailable', what, { path, code }, { cause: error });
}

/** Whole under its name, and on disk with it, when it returns. */
export function putFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode: 0o640, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
