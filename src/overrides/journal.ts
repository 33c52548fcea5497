/**
 * What was changed on this host and must go back: one small file a slot, on disk before anything is changed.
 *
 * It is the only thing that the way back needs, so it survives the worker, the server and its database, and a person can
 * use it (`lifeboat overrides revert`) when nothing else runs.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../failures';
import { lockFile, processesWithOpen, type FileLock } from '../host/file-lock';
import type { ProcessIdentity } from '../host/process-identity';
import { overrideEntry, type OverrideEntry } from './model';

const ENDING = '.json';
const SLOT = /^[a-z0-9-]{1,60}$/;
/** A reload of the real server takes some seconds, and probes come on top of it. */
const LOCK_SECONDS = 45;

export class Journal {
  private held: FileLock | null = null;

  /** @throws Problem `StateUnavailable` when the folder cannot be made, or others could write into it */
  constructor(readonly dir: string) {
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw this.problem('cannot be made', error);
    }
    this.inDir((fd) => {
      const { uid, mode } = fstatSync(fd);
      if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) {
        throw new Problem(
          'StateUnavailable',
          `The journal ${dir} must belong to the user of the worker, and nobody else may write there.`,
          { path: dir },
        );
      }
    });
  }

  /** The open file of the lock while {@link locked} runs; else null. */
  get lock(): number | null {
    return this.held?.fd ?? null;
  }

  /**
   * Runs `body` while no other process of this machine changes or reverts anything here. Commands of the mail host that
   * `body` starts hold the lock too: one that outlives a killed worker could write after the value went back.
   * @throws Problem `OverrideBusy` when another one does all the while
   */
  async locked<T>(body: () => Promise<T>): Promise<T> {
    const file = join(this.dir, 'lock');
    const lock = await lockFile(file, LOCK_SECONDS);
    if (!lock) throw busy(this.dir, processesWithOpen(file));
    this.held = lock;
    try {
      return await body();
    } finally {
      this.held = null;
      lock.release();
    }
  }

  /**
   * The entry of a slot; null when there is none.
   * @throws Problem `JournalDamaged` when it cannot be understood: then nobody knows what is to go back
   */
  read(slot: string): OverrideEntry | null {
    if (!SLOT.test(slot)) {
      const path = join(this.dir, `${slot}${ENDING}`);
      throw new Problem('JournalDamaged', `${path} is no entry: no setting has such a name.`, { path });
    }
    const path = this.pathOf(slot);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw this.problem(`cannot be read: ${slot}${ENDING}`, error);
    }
    const parsed = overrideEntry.safeParse(parseJson(text));
    if (parsed.success && parsed.data.slot === slot) return parsed.data;
    throw new Problem('JournalDamaged', `The entry ${path} cannot be understood.`, { path });
  }

  /** Every slot that has an entry, damaged ones too. */
  slots(): string[] {
    try {
      const names = readdirSync(this.dir).filter((name) => name.endsWith(ENDING));
      return names.map((name) => name.slice(0, -ENDING.length)).sort();
    } catch (error) {
      throw this.problem('cannot be listed', error);
    }
  }

  /** On disk when it returns. */
  write(entry: OverrideEntry): void {
    const path = this.pathOf(entry.slot);
    const temporary = `${path}.new`;
    try {
      rmSync(temporary, { force: true });
      writeFileSync(temporary, `${JSON.stringify(entry, null, 2)}\n`, {
        mode: 0o600,
        flag: 'wx',
        flush: true,
      });
      renameSync(temporary, path);
    } catch (error) {
      throw this.problem(`cannot be written: ${entry.slot}${ENDING}`, error);
    }
    this.inDir(fsyncSync);
  }

  remove(slot: string): void {
    try {
      rmSync(this.pathOf(slot), { force: true });
    } catch (error) {
      throw this.problem(`cannot be changed: ${slot}${ENDING}`, error);
    }
    this.inDir(fsyncSync);
  }

  private pathOf(slot: string): string {
    if (!SLOT.test(slot)) throw new Error(`${JSON.stringify(slot)} is no name of a slot`);
    return join(this.dir, `${slot}${ENDING}`);
  }

  private inDir(body: (fd: number) => void): void {
    let fd: number;
    try {
      fd = openSync(this.dir, 'r');
    } catch (error) {
      throw this.problem('cannot be opened', error);
    }
    try {
      body(fd);
    } finally {
      closeSync(fd);
    }
  }

  private problem(what: string, error: unknown): Problem {
    const { code } = error as NodeJS.ErrnoException;
    return new Problem(
      'StateUnavailable',
      `The journal ${this.dir} ${what} (${code}).`,
      {},
      { cause: error },
    );
  }
}

function busy(dir: string, processes: readonly ProcessIdentity[]): Problem {
  const pids = processes.map(({ pid }) => pid);
  const who = pids.length === 0 ? '' : ` (pid ${pids.join(', ')}; one that hangs must be ended)`;
  return new Problem('OverrideBusy', `Another process works with the journal ${dir}${who}.`, { pids });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
