/**
 * Since when the backup of classes and accounts is off: the mail host does not tell, so it is remembered here, one file a
 * mail host in the state folder. What is lost with it is only the beginning: it is seen anew, and warned of anew.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { backupScope, type BackupScope, type BackupState } from '../contracts/backup-enabled';
import { errorCode } from '../backup-path/defect';
import { Problem } from '../failures';
import { unusable, writeDurably } from '../host/durable-file';
import { lockFile } from '../host/file-lock';

const entry = z.object({
  scope: backupScope,
  name: z.string(),
  /** Epoch milliseconds. */
  offSince: z.number(),
  /** The fewest days before the purge at which a warning was sent; null: none yet. */
  warnedAt: z.number().nullable(),
});
export type OffEntry = z.output<typeof entry>;
const record = z.object({ off: z.array(entry) });

const WAIT_SECONDS = 30;

export const isSameEntry = (
  a: { scope: BackupScope; name: string },
  b: { scope: BackupScope; name: string },
) => a.scope === b.scope && a.name.toLowerCase() === b.name.toLowerCase();

export class OffRecord {
  readonly file: string;

  constructor(stateDir: string, host: string) {
    this.file = join(stateDir, 'backup-enabled', `${host}.json`);
  }

  /** @throws Problem `StateUnavailable` also for a file that cannot be understood */
  read(): OffEntry[] {
    try {
      return record.parse(JSON.parse(readFileSync(this.file, 'utf8'))).off;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw unusable(this.file, 'read', error);
    }
  }

  /** One change at a time, of workers and commands alike. */
  async change(how: (off: readonly OffEntry[]) => readonly OffEntry[]): Promise<void> {
    try {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unusable(this.file, 'written', error);
    }
    const lock = await lockFile(`${this.file}.lock`, WAIT_SECONDS);
    if (lock === undefined)
      throw new Problem('StateUnavailable', `${this.file} is in use by another process.`);
    try {
      writeDurably(this.file, `${JSON.stringify({ off: how(this.read()) }, null, 1)}\n`);
    } finally {
      lock.release();
    }
  }

  /** Since when what holds now is off, as far as it is remembered; null: it is on, or nobody knows. Epoch milliseconds. */
  since({ scope, name, own, effective, cos }: BackupState): number | null {
    if (effective) return null;
    // without an own value it is off with its class
    const whose = own === null && cos !== null ? { scope: 'cos' as const, name: cos } : { scope, name };
    return this.read().find((one) => isSameEntry(one, whose))?.offSince ?? null;
  }

  /** An own value was set: off begins then, unless it was off before; on ends it. */
  async note(one: { scope: BackupScope; name: string }, isOff: boolean, since: number): Promise<void> {
    const found = this.read().some((other) => isSameEntry(other, one));
    if (found === isOff) return;
    const { scope, name } = one;
    await this.change((off) => [
      ...off.filter((other) => !isSameEntry(other, one)),
      ...(isOff ? [{ scope, name, offSince: since, warnedAt: null }] : []),
    ]);
  }
}
