/**
 * What works on the mail host in the name of an operation: one small file beside the lock of the host. Who works next
 * waits for it, also when the operation that started it was terminated.
 */
import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { Problem } from '../failures';
import { writeDurably } from './durable-file';

const record = z.object({
  realm: z.string(),
  operationId: z.string(),
  firstRunId: z.string(),
  /** UUID on the mail host; empty: asked for, and not known whether it was started. */
  id: z.string(),
  /** File that says what was asked for. */
  journal: z.string(),
});
export type OnHostRecord = z.output<typeof record>;

export class OnHost {
  constructor(private readonly file: string) {}

  /** @throws Problem `StateUnavailable` also for a file that cannot be understood: something may work there */
  read(): OnHostRecord | null {
    try {
      return record.parse(JSON.parse(readFileSync(this.file, 'utf8')));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      const what = `${this.file} cannot be read (${code ?? 'it is damaged'}); it says what works on the mail host.`;
      throw new Problem('StateUnavailable', what, {}, { cause: error });
    }
  }

  write(next: OnHostRecord): void {
    if (JSON.stringify(this.read()) !== JSON.stringify(next)) writeDurably(this.file, JSON.stringify(next));
  }

  /** Only what this chain of runs has written. */
  clear(owner: Pick<OnHostRecord, 'realm' | 'operationId' | 'firstRunId'>): void {
    const found = this.read();
    if (found !== null && isSame(found, owner)) rmSync(this.file, { force: true });
  }

  /** Of another operation; null when there is none. */
  ofOther(owner: Pick<OnHostRecord, 'realm' | 'operationId' | 'firstRunId'>): OnHostRecord | null {
    const found = this.read();
    return found === null || isSame(found, owner) ? null : found;
  }
}

const isSame = (
  a: Pick<OnHostRecord, 'realm' | 'operationId' | 'firstRunId'>,
  b: Pick<OnHostRecord, 'realm' | 'operationId' | 'firstRunId'>,
): boolean => a.realm === b.realm && a.operationId === b.operationId && a.firstRunId === b.firstRunId;
