/** Whether a new server has room for what is to be restored. */
import type { Dirent } from 'node:fs';
import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOBS } from '../backup-path/layout';
import type { BackupPath } from '../backup-path/store';
import { byteSize } from '../report/format';
import type { Look } from './look';

/** Blobs lie in folders by their digests, so any of them stand for all. */
const SAMPLED_FOLDERS = 64;
/** An estimate from a sample is off by some; only what is clearly too small is told. */
const TOLERANCE = 0.8;

/** Bytes of the blobs of a store as they lie there, compressed; estimated from the sizes in some of their folders. */
export async function blobBytes(store: BackupPath): Promise<number> {
  const root = store.files.absolute(BLOBS);
  const folders = (await entries(root)).filter((one) => one.isDirectory()).map(({ name }) => name);
  const step = Math.max(1, Math.floor(folders.length / SAMPLED_FOLDERS));
  const sampled = folders.sort().filter((_name, at) => at % step === 0);
  let bytes = 0;
  for (const folder of sampled)
    for (const { name } of await entries(join(root, folder)))
      bytes += (await lstat(join(root, folder, name)).catch(() => null))?.size ?? 0;
  return sampled.length === 0 ? 0 : Math.round((bytes * folders.length) / sampled.length);
}

/** The verification names what cannot be read. */
const entries = (folder: string): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).catch(() => []);

/**
 * Each place gets the whole source: the mailboxes, and the backup of them. Places on one file system share its room.
 * @param needed bytes for each place
 * @param places folders by what they are called; those that are not on this machine cannot be looked at
 */
export async function spaceLook(needed: number, places: Readonly<Record<string, string>>): Promise<Look> {
  const what = 'Free space';
  const unseen: string[] = [];
  const volumes = new Map<number, { names: string[]; free: number }>();
  for (const [name, path] of Object.entries(places)) {
    const [at, room] = await Promise.all([stat(path).catch(() => null), statfs(path).catch(() => null)]);
    if (at === null || room === null) unseen.push(`${name} (${path})`);
    else {
      const volume = volumes.get(at.dev) ?? { names: [], free: room.bavail * room.bsize };
      volumes.set(at.dev, { ...volume, names: [...volume.names, `${name} (${path})`] });
    }
  }
  const small = [...volumes.values()].filter(({ names, free }) => needed * names.length * TOLERANCE > free);
  const told = small.map(({ names, free }) => `${byteSize(free)} for ${names.join(' and ')}`);
  const source = `The blobs of the source have about ${byteSize(needed)}, compressed`;
  if (small.length > 0) {
    const remedy = 'Make room: the mailboxes and their backup need at least as much each.';
    return { what, ok: false, found: `${source}; free are ${told.join(', ')}.`, remedy };
  }
  if (unseen.length === 0) return { what, ok: true, found: `${source}; there is room.`, remedy: '' };
  const remedy = 'See that there is room for it (`df -h`).';
  return { what, ok: null, found: `${source}; not seen from here: ${unseen.join(', ')}.`, remedy };
}
