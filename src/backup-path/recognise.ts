/** Whether a folder is a Backup Path at all. */
import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { Problem } from '../failures';
import { Defect, errorCode } from './defect';
import { MARKER } from './layout';
import type { SafeFiles } from './safe-fs';

const MARKER_LIMIT = 8 * 1024 * 1024;

/** @throws Problem `SourceNotFound`, `SourceNotReadable`, `NotABackupPath` */
export function realRoot(path: string): string {
  try {
    const root = realpathSync(path);
    if (!lstatSync(root).isDirectory())
      throw new Problem('NotABackupPath', `${path} is not a folder.`, { path });
    readdirSync(root, { withFileTypes: false });
    return root;
  } catch (error) {
    if (error instanceof Problem) throw error;
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new Problem('SourceNotFound', `There is no ${path}.`, { path }, { cause: error });
    }
    throw new Problem('SourceNotReadable', `${path} cannot be read (${code}).`, { path }, { cause: error });
  }
}

/** @throws Problem `SourceNotReadable`, `NotABackupPath` */
export function readMarker(files: SafeFiles, markerPath: string, path: string): unknown {
  let content: Buffer;
  try {
    content = files.read(markerPath, MARKER_LIMIT);
  } catch (error) {
    const code = error instanceof Defect ? error.code : null;
    if (code === 'ENOENT') {
      const empty = readdirSync(files.root).length === 0;
      const what = empty ? 'is empty; is the volume mounted?' : `is no Backup Path: it has no ${MARKER}.`;
      throw new Problem('NotABackupPath', `${path} ${what}`, { path });
    }
    const type = error instanceof Defect && error.kind === 'broken' ? 'NotABackupPath' : 'SourceNotReadable';
    throw new Problem(
      type,
      `${markerPath} cannot be read: ${(error as Error).message}.`,
      { path },
      { cause: error },
    );
  }
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    throw new Problem('NotABackupPath', `${markerPath} is no valid JSON.`, { path });
  }
}
