/** Long lists of names on disk, each ended by NUL: what rsync takes as `--files-from`. Names are bytes, not text. */
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';

const BUFFER = 256 * 1024;

export class NameList {
  private readonly fd: number;
  private pending = '';
  count = 0;

  constructor(readonly file: string) {
    this.fd = openSync(file, 'w', 0o600);
  }

  add(entry: string): void {
    this.count++;
    this.pending += `${entry}\0`;
    if (this.pending.length >= BUFFER) this.flush();
  }

  close(): void {
    this.flush();
    closeSync(this.fd);
  }

  private flush(): void {
    const bytes = Buffer.from(this.pending, 'latin1');
    this.pending = '';
    for (let done = 0; done < bytes.length;) done += writeSync(this.fd, bytes, done);
  }
}

/** A name as an entry for rsync, which would take one that begins with `#` for a comment. */
export const listed = (name: string): string => `./${name}`;
export const unlisted = (entry: string): string => entry.replace(/^\.\//, '');

/** In chunks, so that a list of millions neither fills the memory nor costs a turn of the loop each. */
export async function* readNames(file: string): AsyncGenerator<string[]> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 64 * 1024 })) {
    const parts = (rest + (chunk as string)).split('\0');
    rest = parts.pop() ?? '';
    if (parts.length > 0) yield parts;
  }
}
