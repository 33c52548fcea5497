/** The report of an operation in the state folder of this machine: no server is needed to read it. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { safeName } from '../host/safe-name';

/** The head of a report.json names the operation well before this. Bytes. */
const HEAD = 16 * 1024;

/** The newest, when the id was used more than once; null when there is none here. */
export function findReport(stateDir: string, operationId: string): string | null {
  const folder = join(stateDir, 'reports');
  const prefix = `${safeName(operationId)}-`;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return null; // the server may know more
  }
  const newest = names
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .sort((a, b) => Number(b.slice(prefix.length)) - Number(a.slice(prefix.length)))
    .map((name) => join(folder, name))
    .find((dir) => operationOf(join(dir, 'report.json')) === operationId);
  return newest ?? null;
}

/** Two ids may have folders of one name, so the report itself is asked. */
function operationOf(file: string): string | null {
  try {
    const fd = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(HEAD);
      const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, HEAD, 0));
      const found = /^ {2}"operationId": ("(?:[^"\\]|\\.)*")/m.exec(text)?.[1];
      return found === undefined ? null : (JSON.parse(found) as string);
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
