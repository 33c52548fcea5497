/** The beginning of a blob's content, without reading the rest: for headers. Nothing proves it. */
import { closeSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { Defect, errorCode } from '../backup-path/defect';
import { digestAlgorithm } from '../backup-path/digest';
import { blobDir, blobPath } from '../backup-path/layout';
import { readFully, type SafeFiles } from '../backup-path/safe-fs';

/** Compressed bytes that are read; headers are far smaller. */
const READ = 24 * 1024;
/** What may come out of them. */
const LIMIT = 4 * 1024 * 1024;
/** So few compressed bytes cannot make more than the limit, whatever they hold. */
const FEW = 2 * 1024;

/** Null when there is no such blob, or nothing can be made of its beginning. */
export function contentHead(files: SafeFiles, digest: string): Buffer | null {
  if (digestAlgorithm(digest) === null) return null;
  let compressed: Buffer;
  try {
    files.checkFolder(blobDir(digest), true);
    compressed = beginning(files, files.absolute(blobPath(digest)));
  } catch (error) {
    if (error instanceof Defect) return null;
    throw error;
  }
  const once = inflate(compressed);
  return once?.[0] === 0x1f && once[1] === 0x8b ? inflate(once) : once;
}

function beginning(files: SafeFiles, path: string): Buffer {
  const file = files.open(path);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(READ, file.size));
    return buffer.subarray(0, readFully(file.fd, buffer, buffer.length));
  } finally {
    closeSync(file.fd);
  }
}

function inflate(compressed: Buffer): Buffer | null {
  for (const input of [compressed, compressed.subarray(0, FEW)]) {
    try {
      return gunzipSync(input, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LIMIT });
    } catch (error) {
      if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') continue;
      if (errorCode(error)?.startsWith('Z_')) return null;
      throw error;
    }
  }
  return null;
}
