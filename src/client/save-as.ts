/** Files that a command is asked to write: never over one that is there. */
import { createReadStream } from 'node:fs';
import { errorCode } from '../backup-path/defect';
import type { SafeFiles } from '../backup-path/safe-fs';
import { Problem } from '../failures';
import { createFile } from '../host/new-file';
import { defective } from '../server-config/saved';

/** @throws Problem `OutputExists`, also when it cannot be written */
export async function saveAs(path: string, content: Buffer): Promise<void>;
/** The bytes of a file of a Backup Path. */
export async function saveAs(path: string, files: SafeFiles, source: string): Promise<void>;
export async function saveAs(path: string, from: Buffer | SafeFiles, source = ''): Promise<void> {
  if (Buffer.isBuffer(from)) return create(path, from);
  const { fd } = defective(() => from.open(source));
  // the stream closes it
  await create(path, createReadStream('', { fd, start: 0 }));
}

async function create(path: string, content: Parameters<typeof createFile>[1]): Promise<void> {
  try {
    await createFile(path, content);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST')
      throw new Problem('OutputExists', `${path} is there already.`, {}, { cause: error });
    throw new Problem('OutputExists', `${path} cannot be written (${code}).`, {}, { cause: error });
  }
}
