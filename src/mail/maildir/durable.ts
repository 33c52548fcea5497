/** Directories and small files of the target: made safely, replaced atomically, on disk when said so. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Problem } from '../../failures';
import { errorCode, onTarget, systemReason, targetProblem } from './system-error';

/** To whom new files are given; null leaves them with the worker's own user. */
export type Owner = { readonly uid: number; readonly gid: number } | null;

/**
 * A worker that runs as root gives what it makes to the owner of the folder that it makes it in: else the mail
 * server, which runs as somebody else, could not read the mail.
 */
export function inheritedOwner(path: string): Owner {
  if (process.getuid?.() !== 0) return null;
  const { uid, gid } = onTarget(path, () => fs.lstatSync(path));
  return uid === 0 ? null : { uid, gid };
}

export function randomName(): string {
  return randomBytes(6).toString('hex');
}

/**
 * Makes one directory (mode 0700) unless it is there; answers whether it made it.
 *
 * @throws Problem TargetRefused when something else is there, a symbolic link included: mail is never written
 * through one.
 */
export function makeDirectory(path: string, owner: Owner): boolean {
  return onTarget(path, () => {
    if (isRealDirectory(path)) return false;
    try {
      fs.mkdirSync(path, 0o700);
    } catch (error) {
      // Somebody was quicker.
      if (errorCode(error) === 'EEXIST' && isRealDirectory(path)) return false;
      throw error;
    }
    if (owner !== null) fs.lchownSync(path, owner.uid, owner.gid);
    return true;
  });
}

/** Whether a real directory is there; false when nothing is. Throws TargetRefused for anything else. */
export function isRealDirectory(path: string): boolean {
  const found = onTarget(path, () => fs.lstatSync(path, { throwIfNoEntry: false }));
  if (found === undefined) return false;
  if (found.isDirectory()) return true;
  const what = found.isSymbolicLink() ? 'a symbolic link' : 'no directory';
  throw new Problem('TargetRefused', `${path} is ${what}; mail is only written into real directories.`, {
    path,
  });
}

/** The bytes of a small file, or null when there is none. A symbolic link is refused. */
export function readSmallFile(path: string): Buffer | null {
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw targetProblem(error, path);
  }
  try {
    return onTarget(path, () => fs.readFileSync(fd));
  } finally {
    fs.closeSync(fd);
  }
}

export function writeFully(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done);
}

/** Opens a file that must not be there yet, mode 0600. */
export function createFile(path: string, owner: Owner): number {
  return onTarget(path, () => {
    const fd = fs.openSync(path, 'wx', 0o600);
    if (owner !== null) fs.fchownSync(fd, owner.uid, owner.gid);
    return fd;
  });
}

/** Gives a file its final name; one that has that name already stays as it is. */
export function linkUnlessThere(temporary: string, path: string): void {
  try {
    fs.linkSync(temporary, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return;
    if (code === 'EPERM' || code === 'EOPNOTSUPP' || code === 'ENOSYS') {
      const what = `${path} cannot be linked to; delivery without loss or doubles needs a file system with hard links`;
      throw new Problem(
        'TargetRefused',
        `${what} (${systemReason(error)}).`,
        { path, code },
        { cause: error },
      );
    }
    throw targetProblem(error, path);
  }
}

/** Removes what is ours and not wanted any more. That it is gone already is fine; other failures are thrown. */
export function removeFile(path: string): void {
  onTarget(path, () => fs.rmSync(path, { force: true }));
}

/**
 * Removes a file while another failure is on its way to the caller: that one tells the cause, and a leftover
 * is removed by the next attempt, so a failure here is not reported on its own.
 */
export function removeAfterFailure(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // See above.
  }
}

/** Puts names made, linked or removed in this directory on disk. */
export function syncDirectory(path: string | Buffer): void {
  onTarget(path.toString(), () => {
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
}

const TEMPORARY = /^\.(.+)\.lifeboat-[0-9a-f]{12}$/;

/**
 * Replaces a file as a whole: readers see the old one or the new one. Mode and owner of an old one are kept, so
 * that a server that could read it still can.
 *
 * @param temporaryPath where the new one is written first; same file system
 */
export function replaceFile(
  path: string,
  content: string | Buffer,
  owner: Owner,
  temporaryPath = join(dirname(path), `.${basename(path)}.lifeboat-${randomName()}`),
): void {
  const old = onTarget(path, () => fs.lstatSync(path, { throwIfNoEntry: false }));
  if (old !== undefined && !old.isFile()) {
    throw new Problem('TargetRefused', `${path} is no plain file; it is not replaced.`, { path });
  }
  const fd = createFile(temporaryPath, owner);
  try {
    onTarget(path, () => {
      try {
        if (old !== undefined) keepAccess(fd, path, old);
        writeFully(fd, typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(temporaryPath, path);
    });
  } catch (error) {
    removeAfterFailure(temporaryPath);
    throw error;
  }
  syncDirectory(dirname(path));
}

function keepAccess(fd: number, path: string, old: fs.Stats): void {
  const now = fs.fstatSync(fd);
  if (now.uid !== old.uid || now.gid !== old.gid) {
    try {
      fs.fchownSync(fd, old.uid, old.gid);
    } catch (error) {
      throw new Problem(
        'TargetRefused',
        `${path} belongs to user ${old.uid}, group ${old.gid}, which the worker cannot keep (${systemReason(error)}).`,
        { path },
        { cause: error },
      );
    }
  }
  fs.fchmodSync(fd, old.mode & 0o7777);
}

/** Removes what an interrupted {@link replaceFile} of one of these names left in a directory. */
export function cleanTemporary(directory: string, names: readonly string[]): void {
  for (const entry of onTarget(directory, () => fs.readdirSync(directory))) {
    const name = TEMPORARY.exec(entry)?.[1];
    if (name !== undefined && names.includes(name)) removeFile(join(directory, entry));
  }
}
