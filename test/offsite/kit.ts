/** A Backup Path, a destination, a real rsync daemon, and the steps of a sync run one by one. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupPath } from '../../src/backup-path/store';
import { blobPath } from '../../src/backup-path/layout';
import { walkItems } from '../../src/backup-path/walk';
import { offsiteSyncInput, type OffsiteSyncRequest } from '../../src/contracts/offsite-sync';
import { checkSync } from '../../src/offsite/check';
import type { PassResult, Survey, SyncRequest } from '../../src/offsite/model';
import { deleteBlobs, deleteMetadata } from '../../src/offsite/deletions';
import { finishSync } from '../../src/offsite/finish';
import { copyBoth, placeMetadata } from '../../src/offsite/holding';
import { claim, copyBlobs, LEFT_OUT, sendMetadata } from '../../src/offsite/passes';
import { stage } from '../../src/offsite/stage';
import { LISTS } from '../../src/offsite/lists';
import { survey } from '../../src/offsite/survey';
import { TOKEN } from '../../src/rsync/arguments';
import { openContext, type SyncContext } from '../../src/offsite/sync-context';
import { accountInfo, mail, TestStore } from '../restore/store';

export const hasRsync = spawnSync('rsync', ['--version']).status === 0;
/** Shows as skipped where there is no rsync. */
export const describeRsync = hasRsync ? describe : describe.skip;

export interface Daemon {
  readonly process: ChildProcess;
  readonly port: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export class Offsite {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), 'lifeboat-offsite-')));
  readonly source = join(this.dir, 'source');
  readonly copy = join(this.dir, 'copy');
  readonly stateDir = join(this.dir, 'state');
  readonly secret = join(this.dir, 'secret');
  store: TestStore;
  private daemons: Daemon[] = [];

  constructor() {
    this.store = new TestStore(this.source);
    mkdirSync(this.stateDir);
  }

  /** Accounts a1, a2, … with messages of the ids 257, 258, …, and a server configuration. */
  fill(accounts: number, messages: number, body = ''): this {
    const { writer } = this.store;
    writer.serverConfig(
      {
        server: { name: 'm', attributes: {} },
        global: { attributes: {} },
        domains: [],
        coses: [],
        distributionLists: [],
      },
      new Date(0),
    );
    for (let a = 1; a <= accounts; a++) {
      writer.account(accountInfo(`a${a}`, `a${a}@example.com`));
      for (let i = 0; i < messages; i++)
        this.store.message(`a${a}`, 257 + i, mail(`a${a} ${i}`, `Hello. ${body}`));
    }
    writeFileSync(join(this.source, 'map_other'), '{"kind":"item","from":"257","to":"300"}\n');
    return this;
  }

  /** A module `copy` that is the folder of the copy, one `locked` that wants a password, one `readonly`. */
  async daemon(port?: number): Promise<Daemon> {
    const at = port ?? (await freePort());
    mkdirSync(this.copy, { recursive: true });
    writeFileSync(`${this.secret}.daemon`, 'backup:opensesame\n', { mode: 0o600 });
    writeFileSync(this.secret, 'opensesame\n', { mode: 0o600 });
    const config = join(this.dir, `rsyncd-${at}.conf`);
    const who = process.getuid?.() === 0 ? 'uid = root\ngid = root\n' : '';
    const module = (name: string, path: string, more = ''): string =>
      `[${name}]\npath = ${path}\nread only = no\n${who}${more}\n`;
    writeFileSync(
      config,
      `port = ${at}\naddress = 127.0.0.1\nuse chroot = no\nsocket options = TCP_NODELAY\nreverse lookup = no\n` +
        module('copy', this.copy) +
        module('itself', this.source) +
        // each transfer waits until the program `hook` of the test has ended
        module('hooked', this.copy, `pre-xfer exec = ${join(this.dir, 'hook')}`) +
        module('readonly', this.copy, 'read only = yes') +
        module('locked', this.copy, `auth users = backup\nsecrets file = ${this.secret}.daemon`),
    );
    const child = spawn('rsync', ['--daemon', '--no-detach', `--config=${config}`], {
      stdio: 'ignore',
      detached: true,
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const daemon: Daemon = {
      process: child,
      port: at,
      stop: async (signal = 'SIGTERM') => {
        // with the children that serve connections
        if (child.exitCode === null && child.signalCode === null)
          process.kill(-(child.pid as number), signal);
        await exited;
      },
    };
    this.daemons.push(daemon);
    await listening(at);
    return daemon;
  }

  request(change: Partial<OffsiteSyncRequest> = {}): SyncRequest {
    return {
      operationId: 'sync',
      operationKey: 'sync 1',
      startedAt: Date.now(),
      input: offsiteSyncInput.parse({
        sourcePath: this.source,
        destination: this.copy,
        timeoutSeconds: 20,
        ...change,
      }),
    };
  }

  context(change: Partial<OffsiteSyncRequest> = {}, signal = new AbortController().signal): SyncContext {
    return openContext(this.stateDir, this.request(change), { signal, onProgress: () => undefined }, false);
  }

  /** As the workflow does it, without its retries. */
  async sync(change: Partial<OffsiteSyncRequest> = {}, hooks: SyncHooks = {}): Promise<SyncEnd> {
    const context = this.context(change, hooks.signal);
    const passes: PassResult[] = [];
    const { first, serverId, changed, lastSuccess } = await checkSync(context, this.stateDir);
    const deletes = context.request.input.delete === 'now';
    const found = await survey(context, first, deletes);
    await hooks.surveyed?.();
    if (context.request.input.dryRun) return { survey: found, passes, leftOut: 0, changed, lastSuccess };
    if (first) passes.push(await claim(context));
    let leftOut = 0;
    if (found.metadata + found.blobs > 0) {
      const folder = context.place.workDir;
      if (found.held) {
        await hooks.staged?.();
        passes.push(...(await copyBoth(context)));
        await hooks.copied?.();
        const placed = await placeMetadata(context);
        passes.push(placed);
        leftOut = placed.leftOut;
      }
      for (let round = found.held ? 1 : 0; round < 3 && (leftOut > 0 || !found.held); round++) {
        await stage(context, join(folder, round === 0 ? LISTS.metadata : LEFT_OUT));
        await hooks.staged?.();
        passes.push(await copyBlobs(context, first && round === 0));
        await hooks.copied?.();
        const sent = await sendMetadata(context);
        passes.push(sent);
        leftOut = sent.leftOut;
        if (leftOut === 0) break;
      }
    }
    if (deletes && found.deletions > 0) {
      await hooks.sent?.();
      const gone = await deleteMetadata(context);
      passes.push(gone);
      if (leftOut + gone.leftOut === 0) passes.push(await deleteBlobs(context));
    }
    const figures = { files: 0, bytes: 0, deleted: 0, purges: null };
    const swept = deletes && leftOut === 0;
    await finishSync(context, serverId, { ...figures, swept, leftOut });
    return { survey: found, passes, leftOut, changed, lastSuccess };
  }

  /** A shell script that the daemon's module `hooked` runs before each transfer, in the folder of this ground. */
  hook(script: string): void {
    writeFileSync(join(this.dir, 'hook'), `#!/bin/sh\ncd '${this.dir}' || exit 1\n${script}\n`, {
      mode: 0o755,
    });
  }

  /** Bytes of the blob `large` that have come to the copy so far, while it is on its way. */
  arriving(): number {
    const items = join(this.copy, 'items');
    const temporary = existsSync(items)
      ? readdirSync(items).filter((name) => name.startsWith('.large.'))
      : [];
    const sizes = ['.rsync-partial/large', ...temporary].map(
      (name) => statSync(join(items, name), { throwIfNoEntry: false })?.size ?? 0,
    );
    return Math.max(...sizes);
  }

  /** What rsync finds that differs: names, and flags. Empty when the trees are identical. */
  differences(copy = this.copy): string[] {
    const args = ['-anc', '--delete', '-i', `--exclude=/${TOKEN}`, `${this.source}/`, `${copy}/`];
    const { status, stdout, stderr } = spawnSync('rsync', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`rsync: ${status} ${stderr}`);
    return stdout.split('\n').filter((line) => line !== '');
  }

  async clean(): Promise<void> {
    for (const daemon of this.daemons) await daemon.stop('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export interface SyncHooks {
  readonly signal?: AbortSignal;
  /** Both sides were compared. */
  readonly surveyed?: () => void | Promise<void>;
  readonly staged?: () => void | Promise<void>;
  readonly copied?: () => void | Promise<void>;
  /** Before anything is deleted. */
  readonly sent?: () => void | Promise<void>;
}

export interface SyncEnd {
  readonly survey: Survey;
  readonly passes: PassResult[];
  readonly leftOut: number;
  readonly changed: boolean;
  /** As it was when the sync began. */
  readonly lastSuccess: string | null;
}

/** Blobs that metadata of a copy name and that are not there. A copy that is not claimed yet names none. */
export function dangling(root: string): string[] {
  if (!existsSync(join(root, 'backup.json'))) return [];
  const store = BackupPath.open(root);
  if (!existsSync(join(root, 'accounts'))) return [];
  const missing: string[] = [];
  for (const account of store.accountIds().ids) {
    for (const entry of walkItems(store, account)) {
      if (entry.kind !== 'item') throw new Error(`odd entry ${entry.kind}`);
      for (const { digest } of store.itemStates(entry.path)) {
        if (digest !== null && !existsSync(join(root, blobPath(digest))))
          missing.push(`${account} ${entry.id}`);
      }
    }
  }
  return missing;
}

export async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come to that');
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing listens on port ${port}`);
}
