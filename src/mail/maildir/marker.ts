import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../failures';
import { linkUnlessThere, randomName, readSmallFile, removeAfterFailure, syncDirectory } from './durable';
import type { Owner } from './durable';
import { errorCode, systemReason, targetProblem } from './system-error';

const NAME = '.lifeboat-target';

/** The id in the target's marker file, or null when there is none. */
export function readMarker(directory: string): string | null {
  return readSmallFile(join(directory, NAME))?.toString('utf8').trim() ?? null;
}

/**
 * The target's marker: a file with a random id, by which the target is told from the empty mount point below it.
 * Made at the first opening, by whoever is first. That also proves that the file system can do what delivery needs.
 *
 * @throws Problem TargetRefused when the directory cannot be written to
 */
export function ensureMarker(directory: string, owner: Owner): string {
  const found = readMarker(directory);
  if (found !== null) return found;
  const path = join(directory, NAME);
  const temporary = `${path}.${randomName()}`;
  try {
    const id = `${randomUUID()}\n`;
    fs.writeFileSync(temporary, id, { flag: 'wx', mode: 0o600, flush: true });
    if (owner !== null) fs.lchownSync(temporary, owner.uid, owner.gid);
    linkUnlessThere(temporary, path);
  } catch (error) {
    throw unusable(error, directory);
  } finally {
    removeAfterFailure(temporary);
  }
  syncDirectory(directory);
  const id = readMarker(directory);
  if (id === null) throw new Problem('TargetUnavailable', `${path} vanished.`, { path });
  return id;
}

/** At the first opening a missing permission is a mistake in the input rather than something that passes. */
function unusable(error: unknown, directory: string): unknown {
  const code = errorCode(error);
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return targetProblem(error, directory);
  const what = `The worker may not write to the target ${directory} (${systemReason(error)}).`;
  return new Problem('TargetRefused', what, { path: directory, code }, { cause: error });
}
