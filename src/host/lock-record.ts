/** Who has the turn on this machine: one small JSON file, replaced as a whole. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { Problem } from '../failures';

const owner = z.object({
  /** Of which Temporal namespace, by its id: operations of two servers may have the same name. */
  realm: z.string(),
  operationId: z.string(),
  firstRunId: z.string(),
  /** For people. */
  kind: z.string(),
  startedBy: z.string(),
  /** Epoch milliseconds. */
  since: z.number(),
});
export type LockOwner = z.output<typeof owner>;

export class LockRecord {
  constructor(private readonly file: string) {}

  /** Null when there is none, or it cannot be understood: then nobody has a right by it. */
  read(): LockOwner | null {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw this.problem('read', error);
    }
    try {
      return owner.safeParse(JSON.parse(text)).data ?? null;
    } catch {
      return null;
    }
  }

  /** Of one that has the turn already only the first moment is kept. */
  write(next: LockOwner): void {
    const before = this.read();
    const same =
      before?.realm === next.realm &&
      before.operationId === next.operationId &&
      before.firstRunId === next.firstRunId;
    if (same) return;
    const temporary = `${this.file}.new`;
    try {
      // not forced to the disk: after a loss of power nobody works, and what cannot be read gives nobody a right
      // never through a link that somebody has put there: the target's folder may belong to others
      rmSync(temporary, { force: true });
      writeFileSync(temporary, JSON.stringify(next), { mode: 0o600, flag: 'wx' });
      renameSync(temporary, this.file);
    } catch (error) {
      throw this.problem('written', error);
    }
  }

  clear(): void {
    try {
      rmSync(this.file, { force: true });
    } catch (error) {
      throw this.problem('removed', error);
    }
  }

  private problem(what: string, error: unknown): Problem {
    const { code } = error as NodeJS.ErrnoException;
    return new Problem('StateUnavailable', `${this.file} cannot be ${what} (${code}).`, {}, { cause: error });
  }
}
