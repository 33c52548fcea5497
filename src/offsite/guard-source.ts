/** What must hold on this side before anything is touched. */
import { accessSync, constants, existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ACCOUNTS, BLOBS, MARKER } from '../backup-path/layout';
import { Problem } from '../failures';
import { requirePrivate } from '../host/private-file';
import type { Transport } from '../rsync/arguments';
import { isWithin, realPathOf } from './real-path';

/**
 * The store was recognised already. Folders that are links would be copied as links, without what is in them.
 * @throws Problem `SourceEmpty`, `SourceNotReadable`
 */
export function guardSource(root: string): void {
  for (const name of [ACCOUNTS, BLOBS]) {
    const path = `${root}/${name}`;
    try {
      const stat = lstatSync(path);
      if (stat.isSymbolicLink())
        throw new Problem('SourceNotReadable', `${path} is a link, and only the link would be copied.`, {
          path,
        });
      if (!stat.isDirectory()) throw new Problem('SourceEmpty', `${path} is not a folder.`, { path });
      if (readdirSync(path).every((entry) => entry.startsWith('.')))
        throw new Problem('SourceEmpty', `${path} is empty.`, { path });
    } catch (error) {
      if (error instanceof Problem) throw error;
      const { code } = error as NodeJS.ErrnoException;
      const type = code === 'ENOENT' ? 'SourceEmpty' : 'SourceNotReadable';
      throw new Problem(type, `${path} cannot be read (${code}).`, { path }, { cause: error });
    }
  }
}

/** @throws Problem `SyncOverlap` */
export function guardOverlap(source: string, destination: string, stateDir: string): void {
  const real = realPathOf(destination);
  const refuse = (what: string): never => {
    throw new Problem('SyncOverlap', what, { source, destination: real });
  };
  if (isWithin(real, source)) refuse(`The destination ${real} is in the Backup Path ${source}.`);
  if (isWithin(source, real)) refuse(`The Backup Path ${source} is in the destination ${real}.`);
  for (let above = dirname(real); above !== '/'; above = dirname(above)) {
    if (existsSync(join(above, MARKER)))
      refuse(`The destination ${real} is in another Backup Path or copy, ${above}.`);
  }
  const state = realPathOf(stateDir);
  if (isWithin(state, real)) refuse(`The state folder ${state} is in the destination ${real}.`);
}

/** rsync takes a password only from such a file; said here in words. @throws Problem `SecretUnusable` */
export function guardSecrets({ destination, passwordFile, ssh }: Transport): void {
  const files =
    destination.kind === 'daemon' ? [passwordFile] : destination.kind === 'ssh' ? [ssh.keyFile] : [];
  for (const path of files) if (path !== null) guardSecret(path);
}

function guardSecret(path: string): void {
  const refuse = (what: string, cause?: unknown): never => {
    throw new Problem('SecretUnusable', `The secret file ${path} ${what}.`, { path }, { cause });
  };
  let stat;
  try {
    stat = statSync(path);
    accessSync(path, constants.R_OK);
  } catch (error) {
    return refuse(`cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
  if (!stat.isFile()) refuse('is no regular file');
  requirePrivate(stat, path, 'reads');
}
