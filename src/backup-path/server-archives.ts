/** The daily archives below server/: configurations, and customizations. */
import { readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { broken, Defect, errorCode, readDefect } from './defect';
import type { Dialect } from './dialect';
import { archiveOrder, archiveTime, SERVER } from './layout';
import type { ServerConfig } from './model';
import type { SafeFiles } from './safe-fs';

/** Of a server configuration, compressed or not; a few kilobytes of gzip can hold gigabytes of nonsense. Bytes. */
const CONFIG_LIMIT = 32 * 1024 * 1024;

export type ArchiveKind = 'config' | 'customizations';

export interface Archive {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Epoch milliseconds, as its name says. */
  readonly at: number;
}

/** Oldest first, by the stamps in their names; empty when there are none. @throws Defect */
export function archivesOf(files: SafeFiles, kind: ArchiveKind): Archive[] {
  const folder = files.absolute(SERVER);
  let names: string[];
  try {
    files.checkFolder(SERVER);
    names = readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || (error instanceof Defect && error.code === 'ENOENT')) return [];
    throw readDefect(error, folder);
  }
  return names
    .map((name) => ({ name, order: archiveOrder(kind, name) ?? '' }))
    .filter(({ order }) => order !== '')
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ name }) => ({
      name,
      path: files.absolute(`${SERVER}/${name}`),
      at: archiveTime(kind, name) ?? 0,
    }));
}

/** @param path of a file of the kind `config`, whose folder was checked @throws Defect */
export function readConfigArchive(files: SafeFiles, dialect: Dialect, path: string): ServerConfig {
  const compressed = files.read(path, CONFIG_LIMIT);
  try {
    const content = gunzipSync(compressed, { maxOutputLength: CONFIG_LIMIT }).toString('utf8');
    return dialect.decode('serverConfig', JSON.parse(content));
  } catch (error) {
    // a parser's own words quote what it read, which may be a password
    const { name, message } = error as Error;
    throw broken(name === 'SyntaxError' ? 'no valid JSON' : message, path);
  }
}
