import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { join } from 'node:path';
import type { MessageContent } from '../target';
import {
  createFile,
  linkUnlessThere,
  randomName,
  removeAfterFailure,
  removeFile,
  syncDirectory,
  writeFully,
} from './durable';
import type { Owner } from './durable';
import { LineLength, lineLengthReason } from './line-length';
import { onTarget, targetProblem } from './system-error';

const fsync = promisify(fs.fsync);

/** So many files are put on disk together: the file system then writes its journal once for several of them. */
const GROUP = 32;
/** Seconds since 1970 that any file system of today can hold. */
const LATEST = 253_402_300_799;

/** A message in some folder's `tmp`. */
export interface Staged {
  readonly temporary: string;
  readonly folder: string;
  readonly base: string;
  readonly flags: string;
  readonly keywords: readonly string[];
}

export interface StageRequest extends Omit<Staged, 'temporary'> {
  readonly folderPath: string;
  readonly content: MessageContent;
  /** Epoch milliseconds. */
  readonly date: number;
}

/** Messages of one mailbox that are written but not visible yet. */
export class Staging {
  #synced: Staged[] = [];
  #open: { readonly message: Staged; readonly fd: number }[] = [];

  constructor(
    private readonly owner: Owner,
    private readonly maxLineLength: number | null,
  ) {}

  /**
   * Writes a message; answers why it is refused for what it is, or null. A failure leaves nothing behind; that of a
   * source's stream is passed on as it is.
   */
  async add(request: StageRequest): Promise<string | null> {
    const { folderPath, content, date, ...rest } = request;
    const lines = this.maxLineLength === null ? null : new LineLength(this.maxLineLength);
    if (lines !== null && content.kind === 'memory') {
      lines.add(content.bytes);
      const reason = lineLengthReason(lines);
      if (reason !== null) return reason;
    }
    const temporary = join(folderPath, 'tmp', `${rest.base}.${randomName()}`);
    const fd = createFile(temporary, this.owner);
    let reason: string | null = null;
    try {
      if (content.kind === 'memory') onTarget(temporary, () => writeFully(fd, content.bytes));
      else reason = await copyStream(content, fd, temporary, lines);
      if (reason === null) onTarget(temporary, () => setDate(fd, date));
    } catch (error) {
      discard(fd, temporary);
      throw error;
    }
    if (reason !== null) {
      discard(fd, temporary);
      return reason;
    }
    this.#open.push({ message: { temporary, ...rest }, fd });
    if (this.#open.length >= GROUP) await this.#sync();
    return null;
  }

  /** The messages that are waiting, after everything written is on disk. */
  async durable(): Promise<readonly Staged[]> {
    await this.#sync();
    return this.#synced;
  }

  /**
   * Makes every message visible as `cur/<base>:2,<flags>` of its folder, and that durable. One that is there
   * already stays as it is.
   */
  publish(pathOf: (folder: string) => string, flagsOf: (message: Staged) => string): void {
    const touched = new Set<string>();
    let done = 0;
    try {
      for (const message of this.#synced) {
        const current = join(pathOf(message.folder), 'cur');
        linkUnlessThere(message.temporary, join(current, `${message.base}:2,${flagsOf(message)}`));
        touched.add(current);
        done++;
        removeFile(message.temporary);
      }
    } finally {
      // What is visible is not ours to drop any more.
      this.#synced.splice(0, done);
    }
    for (const path of touched) syncDirectory(path);
  }

  /** Removes what was not made visible. */
  drop(): void {
    for (const { message, fd } of this.#open.splice(0)) discard(fd, message.temporary);
    for (const message of this.#synced.splice(0)) removeAfterFailure(message.temporary);
  }

  async #sync(): Promise<void> {
    const group = this.#open.splice(0);
    const results = await Promise.allSettled(group.map(({ fd }) => fsync(fd)));
    let failure: Error | null = null;
    for (const [at, { message, fd }] of group.entries()) {
      const result = results[at];
      if (result?.status === 'fulfilled') {
        fs.closeSync(fd);
        this.#synced.push(message);
      } else {
        discard(fd, message.temporary);
        failure ??= targetProblem(result?.reason, message.temporary);
      }
    }
    if (failure !== null) throw failure;
  }
}

/** Copies a stream that may be longer than memory; once a line is too long it is only read on, to say how long. */
async function copyStream(
  content: Extract<MessageContent, { kind: 'stream' }>,
  fd: number,
  path: string,
  lines: LineLength | null,
): Promise<string | null> {
  for await (const chunk of content.open()) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk), 'utf8');
    lines?.add(bytes);
    // Synchronous: it is the fastest, and only failures of reading then come from the loop itself.
    if (lines === null || lines.tooLong === 0) onTarget(path, () => writeFully(fd, bytes));
  }
  return lines === null ? null : lineLengthReason(lines);
}

/** The delivery date is the file's time, as Dovecot and others read it. */
function setDate(fd: number, milliseconds: number): void {
  const seconds = Number.isFinite(milliseconds) ? Math.min(Math.max(milliseconds / 1000, 0), LATEST) : 0;
  fs.futimesSync(fd, seconds, seconds);
}

function discard(fd: number, path: string): void {
  fs.closeSync(fd);
  removeAfterFailure(path);
}
