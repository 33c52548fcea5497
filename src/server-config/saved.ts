/** The states of a server's configuration that a Backup Path has saved. */
import { Defect } from '../backup-path/defect';
import {
  archivesOf,
  readConfigArchive,
  type Archive,
  type ArchiveKind,
} from '../backup-path/server-archives';
import { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import { settingsOf, type Settings } from './model';

/** `last`, `all`, or a moment in epoch milliseconds: what was in force then. */
export type When = 'last' | 'all' | number;

/**
 * The saved states that are meant, oldest first, at least one.
 * @throws Problem `SavedConfigMissing`, `SourceNotReadable`
 */
export function savedStates(store: BackupPath, kind: ArchiveKind, when: When): Archive[] {
  const all = defective(() => archivesOf(store.files, kind));
  const what = kind === 'config' ? 'configuration of the server' : 'archive of customizations';
  if (all.length === 0)
    throw new Problem('SavedConfigMissing', `${store.root} has no ${what}.`, { path: store.root });
  if (when === 'all') return all;
  const found = (when === 'last' ? all : all.filter(({ at }) => at <= when)).at(-1);
  if (found !== undefined) return [found];
  const first = new Date(all[0]?.at ?? 0).toISOString();
  throw new Problem('SavedConfigMissing', `${store.root} has no ${what} of then; its first is of ${first}.`, {
    path: store.root,
  });
}

/** @throws Problem `SavedConfigDamaged`, `SourceNotReadable` */
export function readSaved(store: BackupPath, { path, at }: Archive): Settings {
  return settingsOf(
    defective(() => readConfigArchive(store.files, store.dialect, path)),
    path,
    at,
  );
}

export interface Damaged {
  readonly path: string;
  readonly why: string;
}

/** Reads several; one that is damaged hides no other. @throws Problem when none can be read */
export async function readEach<T>(
  archives: readonly Archive[],
  read: (archive: Archive) => T | Promise<T>,
): Promise<{ found: T[]; damaged: Damaged[] }> {
  const found: T[] = [];
  const damaged: Damaged[] = [];
  for (const [at, archive] of archives.entries()) {
    const { name, path } = archive;
    try {
      found.push(await read(archive));
    } catch (error) {
      const isLast = at === archives.length - 1;
      if (!(error instanceof Problem) || (isLast && found.length === 0)) throw error;
      const { message } = error;
      damaged.push({ path, why: message.includes(name) ? message : `${name}: ${message}` });
    }
  }
  return { found, damaged };
}

/** The settings of a Backup Path, as they were last saved or at a moment. @throws Problem as the two above, and as {@link BackupPath.open} */
export function settingsOfStore(path: string, when: Exclude<When, 'all'> = 'last'): Settings {
  const store = BackupPath.open(path);
  const [state] = savedStates(store, 'config', when);
  return readSaved(store, state as Archive);
}

/** What cannot be read or used, as a problem that a person can act on. */
export function defective<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
    const type = error.kind === 'read' ? 'SourceNotReadable' : 'SavedConfigDamaged';
    throw new Problem(
      type,
      `The saved configuration cannot be used: ${error.message}.`,
      { path: error.path },
      { cause: error },
    );
  }
}
