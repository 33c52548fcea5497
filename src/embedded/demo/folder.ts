/** The folder of the demonstration: emptied when it starts, so it must be certain whose it is. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from '../../failures';
import { lockFile, processesWithOpen, type FileLock } from '../../host/file-lock';
import { endProcess, type ProcessIdentity } from '../../host/process-identity';
import { countUsers } from '../server-users';
import { databaseLock } from '../temporal-server';

/** Marks the folder as ours, and is locked while a demonstration runs in it. */
const MARKER = '.lifeboat-demo';
const MARKER_TEXT =
  'This folder belongs to the demonstration of Lifeboat: everything in it is removed when that starts again.\n';
const WORKERS = 'workers.json';

const workersSchema = z.array(z.object({ pid: z.number(), startTime: z.string() }));

export interface DemoFolder {
  readonly root: string;
  readonly source: string;
  readonly mailboxes: string;
  readonly state: string;
  readonly workerLog: string;
  /** Remembers a worker, so that the next demonstration ends it if this one is killed. */
  remember(worker: ProcessIdentity): void;
  /** Lets another demonstration have the folder. */
  release(): void;
}

/**
 * Takes the folder and empties it. What an earlier demonstration that was killed has left running there is ended.
 *
 * @throws Problem `InvalidInput` when it has other things in it, `StateUnavailable` when it is in use or cannot be written
 */
export async function takeDemoFolder(root: string): Promise<DemoFolder> {
  const marker = join(root, MARKER);
  make(root);
  if (!existsSync(marker) && readdirSync(root).length > 0) {
    throw new Problem(
      'InvalidInput',
      `${root} has other things in it than a demonstration; name another --dir.`,
    );
  }
  const lock = await lockFile(marker, 0);
  if (!lock)
    throw new Problem('StateUnavailable', `Another demonstration runs in ${root}: wait for its end.`);
  try {
    writeFileSync(marker, MARKER_TEXT);
    await endLeftovers(root);
    for (const name of readdirSync(root)) {
      if (name !== MARKER) rmSync(join(root, name), { recursive: true, force: true });
    }
    return demoFolder(root, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function make(root: string): void {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    if (statSync(root).isDirectory()) return;
  } catch (error) {
    throw new Problem('StateUnavailable', `The folder ${root} cannot be made.`, {}, { cause: error });
  }
  throw new Problem('InvalidInput', `${root} is no folder.`);
}

function demoFolder(root: string, lock: FileLock): DemoFolder {
  const workers: ProcessIdentity[] = [];
  const state = join(root, 'state');
  mkdirSync(state, { mode: 0o700 });
  return {
    root,
    state,
    source: join(root, 'backup'),
    mailboxes: join(root, 'mailboxes'),
    workerLog: join(root, 'worker.log'),
    remember: (worker) => {
      workers.push(worker);
      writeFileSync(join(root, WORKERS), JSON.stringify(workers), { mode: 0o600 });
    },
    release: () => lock.release(),
  };
}

async function endLeftovers(root: string): Promise<void> {
  const state = join(root, 'state');
  if (existsSync(join(state, 'users')) && countUsers(state) > 0) {
    throw new Problem(
      'StateUnavailable',
      `Something still shows the last demonstration (\`lifeboat dev\` on ${state}?): end it first.`,
    );
  }
  for (const worker of rememberedWorkers(join(root, WORKERS))) await endProcess(worker);
  const serverLock = databaseLock(join(state, 'temporal.db'));
  if (!existsSync(serverLock)) return;
  for (const server of processesWithOpen(serverLock)) await endProcess(server);
}

function rememberedWorkers(file: string): ProcessIdentity[] {
  if (!existsSync(file)) return [];
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // cut off when the machine went down: then no worker has survived either
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  return workersSchema.safeParse(content).data ?? [];
}
