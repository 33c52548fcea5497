import * as fs from 'node:fs';
import { join } from 'node:path';
import { createFile, readSmallFile, writeFully } from './durable';
import type { Owner } from './durable';
import { errorCode, onTarget, targetProblem } from './system-error';

const VERSION_2 = 'V\t2\n';

/**
 * The `subscriptions` file of a Maildir: the folders that mail programs show. Lines are only ever added. Dovecot
 * has two forms: plain lines with the parts separated by dots, and, announced in the first line, by tabs; an
 * existing file keeps its form.
 */
export class Subscriptions {
  readonly #path: string;
  #lines: Set<string> | null = null;
  #separator = '.';
  #endsInLine = true;
  #unsynced = false;

  constructor(
    maildir: string,
    private readonly owner: Owner,
  ) {
    this.#path = join(maildir, 'subscriptions');
  }

  /** @param folder the Maildir++ name, such as `.Work.Sub` */
  add(folder: string): void {
    const lines = this.#load();
    const line = folder.slice(1).split('.').join(this.#separator);
    if (lines.has(line)) return;
    this.#append(`${this.#endsInLine ? '' : '\n'}${line}\n`);
    this.#endsInLine = true;
    lines.add(line);
  }

  /** Puts what was added on disk. */
  sync(): void {
    if (!this.#unsynced) return;
    onTarget(this.#path, () => {
      const fd = fs.openSync(this.#path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    });
    this.#unsynced = false;
  }

  #load(): Set<string> {
    if (this.#lines === null) {
      const content = readSmallFile(this.#path)?.toString('utf8') ?? '';
      this.#separator = content.startsWith(VERSION_2) ? '\t' : '.';
      this.#endsInLine = content === '' || content.endsWith('\n');
      this.#lines = new Set(content.split('\n'));
    }
    return this.#lines;
  }

  #append(text: string): void {
    const fd = this.#open();
    try {
      const before = fs.fstatSync(fd).size;
      try {
        writeFully(fd, Buffer.from(text, 'utf8'));
      } catch (error) {
        // Half a line would be a folder of another name.
        fs.ftruncateSync(fd, before);
        throw error;
      }
      this.#unsynced = true;
    } catch (error) {
      throw targetProblem(error, this.#path);
    } finally {
      fs.closeSync(fd);
    }
  }

  #open(): number {
    const { O_WRONLY, O_APPEND, O_NOFOLLOW } = fs.constants;
    try {
      return fs.openSync(this.#path, O_WRONLY | O_APPEND | O_NOFOLLOW);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw targetProblem(error, this.#path);
      return createFile(this.#path, this.owner);
    }
  }
}
