/**
 * What is in a mailbox, whoever put it there and whatever was done to it since.
 *
 * A message of ours that is found may be one whose commit was cut off before its directory was on disk. The caller
 * takes what is found for done, so such directories are put on disk first.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import * as fs from 'node:fs';
import { setImmediate as pause } from 'node:timers/promises';
import type { ExistingMessage } from '../target';
import { syncDirectory } from './durable';
import { baseName, parseBaseName, withoutFlags } from './message-file';
import { errorCode, onTarget, targetProblem } from './system-error';

const IN_MEMORY = 8 * 1024 * 1024;
/** After so many messages the thread may do something else, such as hear that it should stop. */
const PAUSE_EVERY = 128;
const LISTING_TRIES = 3;

/** Every message in every folder of a Maildir, or in `only`, once. Holds the names of one folder, nothing else. */
export async function* listMessages(
  maildir: string,
  onProgress: (seen: number) => void,
  only?: string,
): AsyncGenerator<ExistingMessage> {
  let seen = 0;
  for (const folder of only === undefined ? messageFolders(maildir) : [Buffer.from(only)]) {
    // `new` first: mail programs move messages from there to `cur`, and none must be missed on its way.
    const inNew = new Set<string>();
    for (const part of ['new', 'cur']) {
      const directory = bytePath(folder, part);
      let oursThere = false;
      for (const name of listNames(directory)) {
        const base = withoutFlags(name);
        if (part === 'new') inNew.add(base);
        else if (inNew.has(base)) continue;
        const ours = parseBaseName(base);
        if (ours !== null && !oursThere) {
          syncDirectory(directory);
          oursThere = true;
        }
        const message =
          ours !== null ? ({ kind: 'ours', ...ours } as const) : await digestOf(folder, part, name);
        if (message === null) continue;
        yield message;
        if (++seen % PAUSE_EVERY === 0) {
          onProgress(seen);
          await pause();
        }
      }
    }
  }
  onProgress(seen);
}

/** Which of these messages are there, in any folder. One pass over the names. */
export function findMessages(
  maildir: string,
  messages: readonly { itemId: number; key: string }[],
): Set<number> {
  const wanted = new Map(messages.map((message) => [baseName(message), message.itemId]));
  const found = new Set<number>();
  if (wanted.size === 0) return found;
  for (const folder of messageFolders(maildir)) {
    for (const part of ['new', 'cur']) {
      const directory = bytePath(folder, part);
      const before = found.size;
      for (const name of listNames(directory)) {
        const itemId = wanted.get(withoutFlags(name));
        if (itemId !== undefined) found.add(itemId);
      }
      if (found.size > before) syncDirectory(directory);
    }
    if (found.size === wanted.size) break;
  }
  return found;
}

/** The Maildir itself and the Maildir++ folders in it: real directories that have a `cur`. */
function messageFolders(maildir: string): Buffer[] {
  const names = onTarget(maildir, () => fs.readdirSync(maildir, { encoding: 'latin1' }));
  const folders = names
    .filter((name) => name.startsWith('.') && name !== '.' && name !== '..')
    .sort()
    .map((name) => bytePath(Buffer.from(maildir), name));
  return [Buffer.from(maildir), ...folders].filter(
    (folder) => isDirectory(folder) && isDirectory(bytePath(folder, 'cur')),
  );
}

/**
 * The names in a directory, one byte a character: others' files may have names that are no text. A name that is
 * changed while a directory is read can be missed, so it is read again when it changed meanwhile.
 */
function listNames(directory: Buffer): string[] {
  if (!isDirectory(directory)) return [];
  return onTarget(directory.toString(), () => {
    for (let attempt = 1; ; attempt++) {
      const before = fs.statSync(directory, { bigint: true }).mtimeNs;
      const names = fs.readdirSync(directory, { encoding: 'latin1' });
      const after = fs.statSync(directory, { bigint: true }).mtimeNs;
      if (before === after || attempt === LISTING_TRIES) return names;
    }
  });
}

/** What another's message is; null for what is no message, or is gone. */
async function digestOf(folder: Buffer, part: string, name: string): Promise<ExistingMessage | null> {
  let digest = await hashFile(bytePath(folder, part, name));
  if (digest === 'gone') {
    // Its flags were changed meanwhile, or it was moved from `new` to `cur`: then it has another name now.
    const renamed = findRenamed(folder, withoutFlags(name));
    digest = renamed === null ? null : await hashFile(renamed);
  }
  return digest === null || digest === 'gone' ? null : { kind: 'other', digest };
}

function findRenamed(folder: Buffer, base: string): Buffer | null {
  for (const part of ['new', 'cur']) {
    const now = listNames(bytePath(folder, part)).find((name) => withoutFlags(name) === base);
    if (now !== undefined) return bytePath(folder, part, now);
  }
  return null;
}

/** SHA-256 in the form of the Backup Path's blob names; null for what is no plain file. */
async function hashFile(path: Buffer): Promise<string | null> {
  let fd: number;
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return 'gone';
    if (code === 'ELOOP' || code === 'ENXIO') return null;
    throw targetProblem(error, path.toString());
  }
  try {
    const found = fs.fstatSync(fd);
    if (!found.isFile()) return null;
    const hash = createHash('sha256');
    if (found.size <= IN_MEMORY) hash.update(fs.readFileSync(fd));
    else await hashInPieces(hash, fd);
    return hash.digest('base64').replaceAll('/', ',');
  } catch (error) {
    throw targetProblem(error, path.toString());
  } finally {
    fs.closeSync(fd);
  }
}

async function hashInPieces(hash: Hash, fd: number): Promise<void> {
  const piece = Buffer.allocUnsafe(1024 * 1024);
  for (let count = fs.readSync(fd, piece); count > 0; count = fs.readSync(fd, piece)) {
    hash.update(piece.subarray(0, count));
    await pause();
  }
}

function isDirectory(path: Buffer): boolean {
  return onTarget(
    path.toString(),
    () => fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
  );
}

/** A path from names as `listNames` answers them. */
function bytePath(directory: Buffer, ...names: string[]): Buffer {
  return Buffer.concat([directory, ...names.map((name) => Buffer.from(`/${name}`, 'latin1'))]);
}
