/**
 * The embedded server of a state folder, shared by all commands that name this folder.
 *
 * The first to come starts it, the last to leave stops it, and its database stays, so that the next one goes on where
 * this one was. Anything may be killed at any time: a killed server is started again on its database, a killed user
 * no longer counts.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { Problem } from '../failures';
import { lockFile, processesWithOpen } from '../host/file-lock';
import { endProcess, isAlive } from '../host/process-identity';
import { readServerRecord, removeServerRecord, writeServerRecord, type ServerRecord } from './server-record';
import type { ServerOptions } from './server-options';
import { answers } from './server-probe';
import { addUser, countUsers, removeUser } from './server-users';
import { databaseLock, startServer } from './temporal-server';

export interface JoinedServer {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  readonly uiUrl: string;
  /** True when this call started it, false when it ran already. */
  readonly started: boolean;
  /** Gives it up, and stops it when nobody else uses it. Called again, it is the same leaving. */
  leave(): Promise<void>;
}

/** For a server that this call starts; one that runs already stays as it is. */
export type JoinOptions = Pick<ServerOptions, 'port' | 'uiPort' | 'fast' | 'searchAttributes'>;

/** Longer than a start (30 s) and a stop (10 s and 10 s) together. */
const LOCK_WITHIN_SECONDS = 60;
const ANSWER_WITHIN_MS = 10_000;

/**
 * Connects this process to the embedded server of a state folder, starting it if need be.
 *
 * @param stateDir made if it is not there (mode 0700). On a local disk: it is guarded by kernel locks and pids.
 * @throws Problem `ServerUnreachable` when the server on record hangs or a new one does not start, `ServerMissing`
 * when there is no Temporal CLI, `StateUnavailable` when the folder cannot be written.
 */
export async function joinServer(stateDir: string, options: JoinOptions = {}): Promise<JoinedServer> {
  makeFolder(stateDir);
  return underLock(stateDir, async () => {
    const user = addUser(stateDir);
    try {
      const running = await findRunning(stateDir);
      const { address, uiUrl } = running ?? (await start(stateDir, options));
      let left: Promise<void> | undefined;
      const leave = () => (left ??= underLock(stateDir, () => giveUp(stateDir, user)));
      return { address, uiUrl, started: running === undefined, leave };
    } catch (error) {
      removeUser(stateDir, user);
      throw error;
    }
  });
}

function makeFolder(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Problem(
      'StateUnavailable',
      `The state folder ${stateDir} cannot be made.`,
      {},
      { cause: error },
    );
  }
}

/** Joining, starting and stopping are decided by one process at a time. */
async function underLock<T>(stateDir: string, body: () => Promise<T>): Promise<T> {
  const lock = await lockFile(join(stateDir, 'server.lock'), LOCK_WITHIN_SECONDS);
  if (!lock) {
    throw new Problem(
      'ServerUnreachable',
      `Another command has been starting or stopping the server of ${stateDir} for ${LOCK_WITHIN_SECONDS} s.`,
    );
  }
  try {
    return await body();
  } finally {
    lock.release();
  }
}

function logFile(stateDir: string): string {
  return join(stateDir, 'temporal.log');
}

/** The server on record, if it runs and answers. One that ends while it is asked does not run. */
async function findRunning(stateDir: string): Promise<ServerRecord | undefined> {
  const record = readServerRecord(stateDir);
  if (!record) return undefined;
  if (await answers(record.address, ANSWER_WITHIN_MS, () => isAlive(record.process))) return record;
  if (!isAlive(record.process)) return undefined;
  throw new Problem(
    'ServerUnreachable',
    `The Temporal server of ${stateDir} (process ${record.process.pid}, ${record.address}) runs but does not answer; ` +
      `its log is ${logFile(stateDir)}.`,
    { pid: record.process.pid, address: record.address },
  );
}

async function start(stateDir: string, options: JoinOptions): Promise<ServerRecord> {
  const dbFile = join(stateDir, 'temporal.db');
  await endUnrecorded(dbFile);
  let record: ServerRecord | undefined;
  try {
    await startServer({ ...options, dbFile, logFile: logFile(stateDir) }, (server) => {
      record = {
        process: server.process,
        address: server.address,
        uiUrl: server.uiUrl,
        startedAt: new Date().toISOString(),
      };
      writeServerRecord(stateDir, record);
    });
  } catch (error) {
    removeServerRecord(stateDir);
    throw error;
  }
  if (record === undefined) throw new Error('A server was started but never spawned.');
  return record;
}

/** A command that was killed between starting a server and recording it leaves one that nobody can know of. */
async function endUnrecorded(dbFile: string): Promise<void> {
  if (!existsSync(databaseLock(dbFile))) return;
  for (const orphan of processesWithOpen(databaseLock(dbFile))) await endProcess(orphan);
}

async function giveUp(stateDir: string, user: string): Promise<void> {
  removeUser(stateDir, user);
  if (countUsers(stateDir) > 0) return;
  const running = readServerRecord(stateDir);
  if (running) await endProcess(running.process);
  removeServerRecord(stateDir);
}
