/** Small files that must not be lost. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from '../failures';

/** Replaces a file as a whole; on disk when it returns. @throws Problem `StateUnavailable` */
export function writeDurably(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    rmSync(`${file}.new`, { force: true });
    writeFileSync(`${file}.new`, text, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(`${file}.new`, file);
    const folder = openSync(dirname(file), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    throw unusable(file, 'written', error);
  }
}

export const unusable = (file: string, what: string, error: unknown): Problem =>
  new Problem(
    'StateUnavailable',
    `${file} cannot be ${what} (${(error as NodeJS.ErrnoException).code ?? 'it is damaged'}).`,
    { file },
    { cause: error },
  );
