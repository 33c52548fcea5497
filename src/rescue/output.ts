/** The files of rescued items. Nothing that is there is ever replaced. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { errorCode } from '../backup-path/defect';
import { Problem } from '../failures';
import { createFile, removeParts } from '../host/new-file';
import { EXTENSIONS } from '../restore/saved-items';
import type { Content } from './find-content';

/** Files of one name with other content, before it is given up. */
const MOST_NAMES = 1000;

/** Says what is before it, so that nobody takes a part for the whole. A header, since mail programs show those. */
const salvagedHeader = (item: number): Buffer =>
  Buffer.from(`X-Lifeboat-Salvaged: what is left of the damaged item ${item}; nothing proves it\r\n`);

/** Content as it is written, marked when it is salvaged. */
export function openMarked(content: Content, item: number): Readable {
  const isMessage = (content.state?.type ?? 'message') === 'message';
  if (content.status !== 'salvaged' || !isMessage) return content.open();
  const marked = async function* (): AsyncGenerator<Buffer> {
    yield salvagedHeader(item);
    for await (const chunk of content.open()) yield chunk as Buffer;
  };
  return Readable.from(marked(), { objectMode: false });
}

/** Folder for the files of an account, without what an attempt that was killed had half written. */
export function rescueFolder(outputDir: string, folder: string): string {
  const path = join(outputDir, folder);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    removeParts(path);
    return folder;
  } catch (error) {
    const what = `Rescued items cannot be written to ${path}: ${(error as Error).message}.`;
    throw new Problem('StateUnavailable', what, { path: outputDir }, { cause: error });
  }
}

/**
 * Writes `<folder>/<item>[.older-state|.salvaged].<extension>`. A file of this name with the same content is an earlier
 * attempt's; one with another content is left alone, and the next free name is taken.
 * @param folder from `rescueFolder`
 * @returns path relative to `outputDir`
 * @throws Problem `StateUnavailable`
 */
export async function writeRescued(
  outputDir: string,
  folder: string,
  item: number,
  content: Content,
): Promise<{ file: string; bytes: number }> {
  const stem = content.status === 'intact' ? String(item) : `${item}.${content.status}`;
  const extension = EXTENSIONS[content.state?.type ?? 'message'] ?? 'bin';
  try {
    for (let n = 1; n <= MOST_NAMES; n++) {
      const file = join(folder, `${stem}${n === 1 ? '' : `-${n}`}.${extension}`);
      const path = join(outputDir, file);
      if (await createdOrSame(path, () => openMarked(content, item)))
        return { file, bytes: statSync(path).size };
    }
    throw new Error(`there are ${MOST_NAMES} files of this name already`);
  } catch (error) {
    if (errorCode(error) === null && (error as Error).name !== 'Error') throw error;
    throw new Problem(
      'StateUnavailable',
      `The rescued item ${item} cannot be written to ${join(outputDir, folder)}: ${(error as Error).message}.`,
      { path: outputDir },
      { cause: error },
    );
  }
}

async function createdOrSame(path: string, open: () => Readable): Promise<boolean> {
  try {
    await createFile(path, open());
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return (await hashOf(createReadStream(path))) === (await hashOf(open()));
  }
}

async function hashOf(content: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
