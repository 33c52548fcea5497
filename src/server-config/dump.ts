/** Settings as a file of ours, and files of a Backup Path by their own path. Secrets are masked in what we write. */
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import { archiveTime } from '../backup-path/layout';
import { findDialect, LIFEBOAT_1, type Dialect } from '../backup-path/dialect';
import { errorCode } from '../backup-path/defect';
import { SafeFiles } from '../backup-path/safe-fs';
import { readConfigArchive } from '../backup-path/server-archives';
import { Problem } from '../failures';
import { defective } from './saved';
import { SCOPES, settingsOf, type Settings } from './model';
import { shown } from './secrets';

const FORM = 'lifeboat server-config 1';
/** Bytes. */
const DUMP_LIMIT = 64 * 1024 * 1024;

const dump = z.object({
  form: z.literal(FORM),
  from: z.string(),
  savedAt: z.iso.datetime().nullable(),
  scopes: z.array(z.enum(SCOPES)),
  objects: z.array(
    z.object({
      scope: z.enum(SCOPES),
      name: z.string(),
      attributes: z.record(z.string(), z.array(z.string())),
    }),
  ),
});

/** The whole, without what is secret. */
export function dumpOf({ from, savedAt, scopes, objects }: Settings): string {
  const value: z.output<typeof dump> = {
    form: FORM,
    from,
    savedAt: savedAt === null ? null : new Date(savedAt).toISOString(),
    scopes: [...scopes],
    objects: objects.map(({ scope, name, attributes }) => ({
      scope,
      name,
      attributes: Object.fromEntries(
        [...attributes].map(([key, values]) => [key, [...shown(key, values).values]]),
      ),
    })),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * A dump of ours, or a file `config_….json.gz` of a Backup Path.
 * @throws Problem `SourceNotFound`, `SourceNotReadable`, `SavedConfigDamaged`
 */
export function settingsOfFile(path: string): Settings {
  const folder = folderOf(path);
  const files = new SafeFiles(folder);
  const name = basename(path);
  const at = archiveTime('config', name);
  const whole = files.absolute(name);
  if (at !== null) {
    const dialect = findDialect(LIFEBOAT_1) as Dialect;
    return settingsOf(
      defective(() => readConfigArchive(files, dialect, whole)),
      whole,
      at,
    );
  }
  const content = defective(() => files.read(whole, DUMP_LIMIT)).toString('utf8');
  const parsed = dump.safeParse(jsonOf(content));
  if (!parsed.success)
    throw new Problem(
      'SavedConfigDamaged',
      `${path} is neither a saved configuration (config_dd_MM_yy#HH_mm_ss.json.gz) nor a dump of Lifeboat.`,
    );
  const { from, savedAt, scopes, objects } = parsed.data;
  return {
    ...{ from: `${whole} (of ${from})`, savedAt: savedAt === null ? null : Date.parse(savedAt), scopes },
    objects: objects.map((one) => ({ ...one, attributes: new Map(Object.entries(one.attributes)) })),
  };
}

function folderOf(path: string): string {
  try {
    statSync(path);
    return realpathSync(dirname(path));
  } catch (error) {
    const code = errorCode(error);
    const type = code === 'ENOENT' || code === 'ENOTDIR' ? 'SourceNotFound' : 'SourceNotReadable';
    throw new Problem(type, `${path} cannot be read (${code}).`, {}, { cause: error });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no dump: told above
  }
}
