/**
 * A long list that is written in parts, one for each work unit: a part is there as a whole or not at all, and a unit
 * that is done again replaces its own.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BUFFER = 256 * 1024;
const NAME = /^part-\d{6}\.jsonl$/;

export class PartWriter {
  private readonly temporary: string;
  private readonly fd: number;
  private pending = '';

  constructor(
    private readonly folder: string,
    private readonly part: number,
  ) {
    this.temporary = join(folder, `.part-${part}.${randomUUID()}.tmp`);
    this.fd = openSync(this.temporary, 'wx', 0o600);
  }

  add(value: unknown): void {
    this.pending += `${JSON.stringify(value)}\n`;
    if (this.pending.length >= BUFFER) this.flush();
  }

  private flush(): void {
    const bytes = Buffer.from(this.pending);
    this.pending = '';
    for (let done = 0; done < bytes.length;) done += writeSync(this.fd, bytes, done);
  }

  /** Makes the part durable under its name. */
  publish(): void {
    this.flush();
    fsyncSync(this.fd);
    closeSync(this.fd);
    renameSync(this.temporary, join(this.folder, `part-${String(this.part).padStart(6, '0')}.jsonl`));
    const folder = openSync(this.folder, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }

  drop(): void {
    closeSync(this.fd);
    rmSync(this.temporary, { force: true });
  }
}

/** What the parts below `count` hold, in order. */
export async function* readParts(folder: string, count: number): AsyncGenerator<unknown> {
  for (const name of readdirSync(folder)
    .filter((entry) => NAME.test(entry))
    .sort()
    .slice(0, count)) {
    const lines = createInterface({ input: createReadStream(join(folder, name)), crlfDelay: Infinity });
    for await (const line of lines) yield JSON.parse(line) as unknown;
  }
}
