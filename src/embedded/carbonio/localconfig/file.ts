/** localconfig.xml: reading, and the two ways in which the two programs write it. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export type Values = Map<string, string>;

const ENTRY = /<key\s+name="([^"]*)"\s*>\s*(?:<value\s*\/>|<value>([^<]*)<\/value>)\s*<\/key>/g;
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const decode = (text: string): string =>
  text.replace(/&(lt|gt|amp|quot|apos);/g, (_all, name: string) => ENTITIES[name] ?? '');
const encode = (text: string): string =>
  text.replace(
    /[<>&"]/g,
    (sign) => `&${Object.keys(ENTITIES).find((name) => ENTITIES[name] === sign) ?? ''};`,
  );

/** A missing file is an empty one. */
export function readValues(file: string): Values {
  if (!existsSync(file)) return new Map();
  const text = readFileSync(file, 'utf8').replace(/<!--[\s\S]*?-->/g, '');
  if (!text.includes('<localconfig')) throw new Error(`${file} is no localconfig file.`);
  return new Map([...text.matchAll(ENTRY)].map(([, key, value]) => [decode(key ?? ''), decode(value ?? '')]));
}

/** Pretty-printed with two spaces, as both print it. */
export function toXml(values: Iterable<readonly [string, string]>): string {
  const entries = [...values].map(
    ([key, value]) => `  <key name="${encode(key)}">\n    <value>${encode(value)}</value>\n  </key>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n\n<localconfig>\n${entries.join('')}</localconfig>\n`;
}

/**
 * As the Java program: no lock, a temporary file beside it, delete, rename. For a moment there is no file; of two
 * writers one is lost; comments and the order of keys are not kept.
 */
export function saveAsJava(file: string, values: Values): void {
  const temporary = `${file}.swap`;
  writeFileSync(temporary, toXml([...values].reverse()), { mode: 0o640 });
  rmSync(file, { force: true });
  renameSync(temporary, file);
}

/** As the Go program: under a lock on `FILE.lock`, which it removes after use; a temporary file and a rename. */
export async function changeAsGo(file: string, change: (values: Values) => void): Promise<void> {
  const lock = `${file}.lock`;
  const fd = openSync(lock, 'a', 0o600);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      spawn('flock', ['-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
        .once('error', reject)
        .once('exit', resolve);
    });
    if (code !== 0) throw new Error(`${lock} cannot be locked.`);
    const values = readValues(file);
    change(values);
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, toXml(values), { mode: 0o640 });
    renameSync(temporary, file);
  } finally {
    rmSync(lock, { force: true });
    closeSync(fd);
  }
}
