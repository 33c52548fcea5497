/** Files of the report while they are written: buffered, appended to, then made durable under their name. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../failures';

/** Characters held in memory per file before they are written. */
const BUFFER = 128 * 1024;
const LEFTOVER = /^\.report\..*\.part$/;

/** One file that grows. `append` only buffers; whoever appends calls {@link Workspace.drain} now and then. */
export class Sink {
  private pending = '';
  private closed = false;

  constructor(
    readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  append(text: string): void {
    this.pending += text;
  }

  get full(): boolean {
    return this.pending.length >= BUFFER;
  }

  async flush(): Promise<void> {
    if (this.pending === '') return;
    const text = this.pending;
    this.pending = '';
    await this.handle.writeFile(text);
  }

  /** Adds everything that another sink holds. */
  async appendSink(other: Sink): Promise<void> {
    await other.flush();
    await this.flush();
    for await (const chunk of createReadStream(other.path)) await this.handle.writeFile(chunk as Buffer);
  }

  async sync(): Promise<void> {
    await this.flush();
    await this.handle.sync();
    await this.close();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.handle.close();
  }
}

/**
 * The folder of a report while it is written. All files have temporary names until {@link publish}.
 * Failures of the file system are Problems of type `StateUnavailable`.
 */
export class Workspace {
  private readonly sinks: Sink[] = [];

  private constructor(readonly dir: string) {}

  /** Creates the folder (0700) when it is missing, and removes what an interrupted attempt left in it. */
  static async open(dir: string): Promise<Workspace> {
    return guarded(dir, async () => {
      const created = await mkdir(dir, { recursive: true, mode: 0o700 });
      if (created !== undefined) await syncFolder(path.dirname(created));
      for (const name of await readdir(dir)) {
        if (LEFTOVER.test(name)) await rm(path.join(dir, name), { force: true });
      }
      return new Workspace(dir);
    });
  }

  async sink(): Promise<Sink> {
    return guarded(this.dir, async () => {
      const file = path.join(this.dir, `.report.${randomBytes(6).toString('hex')}.part`);
      const sink = new Sink(file, await open(file, 'wx', 0o600));
      this.sinks.push(sink);
      return sink;
    });
  }

  /** Writes out the sinks whose buffers are full. */
  async drain(): Promise<void> {
    const full = this.sinks.filter((sink) => sink.full);
    if (full.length > 0) await guarded(this.dir, () => Promise.all(full.map((sink) => sink.flush())));
  }

  async join(into: Sink, from: Sink): Promise<void> {
    await guarded(this.dir, () => into.appendSink(from));
  }

  /** Makes the files durable under these names, all or (after a crash) some, each whole. */
  async publish(files: readonly { sink: Sink; name: string }[]): Promise<string[]> {
    return guarded(this.dir, async () => {
      for (const { sink } of files) await sink.sync();
      const paths: string[] = [];
      for (const { sink, name } of files) {
        const final = path.join(this.dir, name);
        await chmod(sink.path, 0o600);
        await rename(sink.path, final);
        paths.push(final);
      }
      await syncFolder(this.dir);
      return paths;
    });
  }

  /** Closes and removes what was not published. */
  async dispose(): Promise<void> {
    for (const sink of this.sinks) {
      await sink.close();
      await rm(sink.path, { force: true });
    }
  }
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function guarded<T>(dir: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Problem(
      'StateUnavailable',
      `The report cannot be written to ${dir}: ${error.message}.`,
      { dir, code: error.code },
      { cause: error },
    );
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'errno' in error && 'code' in error;
}
