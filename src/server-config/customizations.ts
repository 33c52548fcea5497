/**
 * The archives of customizations: the folders of settings of the mail server, packed. They are looked into, copied and
 * unpacked into an empty folder; never over the files of a server.
 */
import { closeSync, createReadStream, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { errorCode } from '../backup-path/defect';
import type { SafeFiles } from '../backup-path/safe-fs';
import { Problem } from '../failures';
import { defective } from './saved';
import { readTar, type TarEntry } from './tar';

/** Far above any folder of settings; what is more is no honest archive. */
const MOST_BYTES = 2 * 1024 ** 3;
const MOST_ENTRIES = 100_000;
const DEEPEST = 64;

export interface Contents {
  readonly files: number;
  /** Unpacked. */
  readonly bytes: number;
  /** The folders that it holds, as deep as they tell them apart: `opt/zextras/conf`. At most 20. */
  readonly folders: readonly string[];
  /** Links, devices and the like: never unpacked. Their number, and the first names. */
  readonly skipped: { readonly count: number; readonly names: readonly string[] };
}

export interface Limits {
  readonly bytes: number;
  readonly entries: number;
}
const LIMITS: Limits = { bytes: MOST_BYTES, entries: MOST_ENTRIES };

/**
 * Reads the whole archive, and writes nothing.
 * @throws Problem `ArchiveRefused` for a name that leads out, names twice, more than the limits, or damage
 */
export function look(files: SafeFiles, archive: string, limits: Limits = LIMITS): Promise<Contents> {
  return walk(files, archive, limits, async () => undefined);
}

/**
 * Unpacks files and folders into a folder that is empty or not there. Files get the mode 0600, folders 0700: settings
 * hold passwords. The archive is read through before anything is written.
 * @throws Problem `OutputExists`, and as {@link look}
 */
export async function extract(
  files: SafeFiles,
  archive: string,
  folder: string,
  limits: Limits = LIMITS,
): Promise<Contents> {
  requireEmpty(folder);
  await look(files, archive, limits);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  requireEmpty(folder);
  return walk(files, archive, limits, async ({ type }, path, content) => {
    const target = join(folder, path);
    mkdirSync(type === 'folder' ? target : dirname(target), { recursive: true, mode: 0o700 });
    if (type !== 'file') return;
    const file = await open(target, 'wx', 0o600);
    try {
      for await (const piece of content) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

function requireEmpty(folder: string): void {
  try {
    if (!lstatSync(folder).isDirectory())
      throw new Problem('OutputExists', `${folder} is there, and is no folder.`);
    if (readdirSync(folder).length > 0) throw new Problem('OutputExists', `${folder} is not empty.`);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

type Visit = (entry: TarEntry, path: string, content: AsyncIterable<Buffer>) => Promise<void>;

async function walk(files: SafeFiles, archive: string, limits: Limits, visit: Visit): Promise<Contents> {
  const names = new Names(archive);
  const folders = new Set<string>();
  const skipped: string[] = [];
  let [count, bytes, entries] = [0, 0, 0];
  await unpacked(files, archive, limits, async (entry, content) => {
    if (++entries > limits.entries) throw refused(archive, `holds more than ${limits.entries} entries`);
    const path = safePath(archive, entry.name);
    if (path === '') return;
    if (entry.type === 'other') return void skipped.push(path);
    if (entry.type === 'file') {
      names.add(path);
      count++;
      bytes += entry.size;
      if (bytes > limits.bytes) throw refused(archive, `holds more than ${limits.bytes} bytes`);
      if (folders.size < 20) folders.add(path.split('/').slice(0, -1).slice(0, 4).join('/'));
    }
    await visit(entry, path, content);
  });
  return {
    files: count,
    bytes,
    folders: topmost([...folders]),
    skipped: { count: skipped.length, names: skipped.slice(0, 20) },
  };
}

/** Each file once, and none in the place of a folder. */
class Names {
  private readonly files = new Set<string>();
  private readonly folders = new Set<string>();

  constructor(private readonly archive: string) {}

  add(path: string): void {
    const parents = path.split('/').map((_part, at, parts) => parts.slice(0, at).join('/'));
    if (this.files.has(path) || this.folders.has(path) || parents.some((one) => this.files.has(one)))
      throw refused(this.archive, `holds ${shownName(path)} twice`);
    this.files.add(path);
    parents.forEach((one) => this.folders.add(one));
  }
}

async function unpacked(
  files: SafeFiles,
  archive: string,
  limits: Limits,
  onEntry: Parameters<typeof readTar>[1],
): Promise<void> {
  const { fd } = defective(() => files.open(archive));
  const source = createReadStream('', { fd, start: 0 });
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    await readTar(limited(gunzip, archive, limits), onEntry);
  } catch (error) {
    if (String(errorCode(error)).startsWith('Z_'))
      throw refused(archive, `is damaged (${(error as Error).message})`);
    throw error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** A few kilobytes can unpack to gigabytes of headers or of nothing. */
async function* limited(source: AsyncIterable<Buffer>, archive: string, limits: Limits) {
  // each entry has a header and is filled up to whole blocks, the archive to a whole record
  const most = limits.bytes + limits.entries * 2_048 + 64 * 1_024;
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    if (bytes > most) throw refused(archive, `unpacks to more than ${most} bytes`);
    yield piece;
  }
}

/** Relative, without empty parts; '' for the folder itself. */
function safePath(archive: string, name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refused(archive, `holds ${shownName(name)}, which leads out of it`);
  if (/[\p{Cc}\\]/u.test(name)) throw refused(archive, `holds ${shownName(name)}, which is no plain name`);
  if (parts.length > DEEPEST || parts.some((part) => Buffer.byteLength(part) > 255) || name.length > 3_000)
    throw refused(archive, `holds ${shownName(name)}, which is too long or too deep`);
  return parts.join('/');
}

/** Without those that another one holds. */
const topmost = (paths: readonly string[]): string[] =>
  paths.filter((path) => !paths.some((other) => other !== path && path.startsWith(`${other}/`))).sort();

const shownName = (name: string): string => JSON.stringify(name.slice(0, 120));
const refused = (archive: string, what: string): Problem =>
  new Problem('ArchiveRefused', `${archive} ${what}.`, { archive });

/** Size of an archive, bytes. @throws Problem `SourceNotReadable` */
export function sizeOf(files: SafeFiles, archive: string): number {
  const { fd, size } = defective(() => files.open(archive));
  closeSync(fd);
  return size;
}
