/** Files that must not exist yet, whole or not there at all. */
import { randomUUID } from 'node:crypto';
import { createWriteStream, linkSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes a file (0600) and makes it durable. Nothing is seen under its name before it is whole, and what is there is
 * never replaced.
 * @throws the error of the file system, `EEXIST` when there is a file of that name; what the content throws
 */
export async function createFile(
  path: string,
  content: Buffer | Readable,
  ...through: Transform[]
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path).slice(0, 100)}.${randomUUID()}.part`);
  try {
    const source = Buffer.isBuffer(content) ? Readable.from([content]) : content;
    await pipeline([
      source,
      ...through,
      createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }),
    ]);
    linkSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Only ours are named so. */
const PART = /^\..{1,100}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/** Removes what killed processes have left of files that they were writing; who still writes one fails, and begins anew. */
export function removeParts(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (PART.test(name)) rmSync(join(folder, name), { force: true });
  }
}
