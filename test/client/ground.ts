/** A folder with a small Backup Path, and a state folder, for a test; and what came out in the mailboxes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { endProcess } from '../../src/host/process-identity';
import { readServerRecord } from '../../src/embedded/server-record';
import { accountInfo, mail, TestStore } from '../restore/store';

export const JANE = '11111111-0000-4000-8000-000000000001';

export class Ground {
  readonly dir = mkdtempSync(join(tmpdir(), 'lifeboat-cli-'));
  readonly source = join(this.dir, 'old');
  readonly target = join(this.dir, 'mail');
  readonly stateDir = join(this.dir, 'state');
  readonly env = {
    LIFEBOAT_STATE_DIR: this.stateDir,
    // a host of its own: operations of other tests are none of its queue
    LIFEBOAT_HOST: basename(this.dir),
    LIFEBOAT_LOCK_DIR: join(this.dir, 'locks'),
    LIFEBOAT_SHUTDOWN_GRACE_SECONDS: '5',
  };

  /** One account with messages of the ids 257, 258, …; the blob of each id in `missing` is gone. */
  fill(messages: number, missing: readonly number[] = []): void {
    const store = new TestStore(this.source);
    store.writer.account(accountInfo(JANE, 'jane@example.com'));
    for (let id = 257; id < 257 + messages; id++) {
      const digest = store.message(JANE, id, mail(`m${id}`));
      if (missing.includes(id)) store.dropBlob(digest);
    }
  }

  /** Subjects of everything in the inbox, sorted; one twice is there twice. */
  subjects(): string[] {
    return this.files()
      .map((file) => /^Subject: (.*)\r?$/m.exec(readFileSync(file, 'latin1'))?.[1] ?? '?')
      .sort();
  }

  files(): string[] {
    const inbox = join(this.target, 'example.com/jane/Maildir/cur');
    try {
      return readdirSync(inbox).map((name) => join(inbox, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  killServer(): void {
    const record = readServerRecord(this.stateDir);
    if (record) process.kill(record.process.pid, 'SIGKILL');
  }

  async clean(): Promise<void> {
    const record = readServerRecord(this.stateDir);
    if (record) await endProcess(record.process);
    rmSync(this.dir, { recursive: true, force: true });
  }
}
