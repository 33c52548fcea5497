/** The Temporal development server as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';

import { Problem } from '../failures';
import { lockFile, processesWithOpen, type FileLock } from '../host/file-lock';
import { freePorts, isFree } from './ports';
import { endProcess, identify, type ProcessIdentity } from '../host/process-identity';
import { serverArguments, type ServerOptions, type ServerPorts } from './server-options';
import { answers } from './server-probe';
import { findTemporalCli } from './temporal-cli';

export interface TemporalServer {
  readonly process: ProcessIdentity;
  /** `127.0.0.1:<port>`, for clients and workers. */
  readonly address: string;
  /** Of the web interface. */
  readonly uiUrl: string;
  /** SIGTERM, SIGKILL after 10 s; returns when it has ended. Harmless when it has ended before. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const ATTEMPTS = 3;
const TAIL_LINES = 5;

/** Held by the server itself for as long as it runs. */
export function databaseLock(dbFile: string): string {
  return `${dbFile}.lock`;
}

/**
 * Starts the server and waits until it answers, for at most 30 s.
 *
 * It is the leader of a session of its own: Ctrl-C in the terminal ends the command, but not the server under the
 * workers that are still finishing. Whoever starts it must stop it.
 *
 * The server inherits a lock on its database and so holds it until it ends, however it ends. Two servers on one
 * database would corrupt it.
 *
 * @param onSpawn called with the process before it is ready, so that it can be recorded before anything can go wrong.
 * @throws Problem `ServerMissing` when there is no Temporal CLI, `ServerUnreachable` when the server ends early or
 * does not answer (with the last lines of its log), when another one has the database, or a wanted port is taken.
 */
export async function startServer(
  options: ServerOptions,
  onSpawn?: (server: TemporalServer) => void,
): Promise<TemporalServer> {
  const cli = findTemporalCli();
  const lock = await lockFile(databaseLock(options.dbFile), 0);
  if (!lock) {
    const holders = processesWithOpen(databaseLock(options.dbFile)).map((holder) => holder.pid);
    throw new Problem(
      'ServerUnreachable',
      `Another Temporal server has ${options.dbFile} open (process ${holders.join(', ') || 'of another user'}).`,
    );
  }
  try {
    for (let attempt = 1; ; attempt++) {
      const outcome = await launch(cli, options, lock, onSpawn);
      if (typeof outcome !== 'string') return outcome;
      // Somebody took a port between the choice and the start.
      if (attempt < ATTEMPTS && /address already in use/i.test(outcome)) continue;
      throw new Problem('ServerUnreachable', `The Temporal server did not start. ${outcome}`);
    }
  } finally {
    lock.release();
  }
}

async function choosePorts(options: ServerOptions): Promise<ServerPorts> {
  for (const wanted of [options.port, options.uiPort]) {
    // Not left to the server to find out: meanwhile whoever has the port might answer in its place.
    if (wanted !== undefined && !(await isFree(wanted))) {
      throw new Problem('ServerUnreachable', `Port ${wanted} of 127.0.0.1 is taken by another program.`);
    }
  }
  const [port, uiPort, httpPort, metricsPort] = (await freePorts(4)) as [number, number, number, number];
  return { port: options.port ?? port, uiPort: options.uiPort ?? uiPort, httpPort, metricsPort };
}

/** Temporal's own variables are for clients; a profile named there may not even exist. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

/** One try. Returns the server, or what became of it in words. */
async function launch(
  cli: string,
  options: ServerOptions,
  lock: FileLock,
  onSpawn?: (server: TemporalServer) => void,
): Promise<TemporalServer | string> {
  const ports = await choosePorts(options);
  const args = serverArguments(cli, options, ports);
  const log = openLog(options.logFile);
  const child = spawn(cli, args, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd, lock.fd],
    env: serverEnvironment(),
  });
  closeSync(log.fd);
  child.unref();

  const address = `127.0.0.1:${ports.port}`;
  const ended = watch(child);
  const started = child.pid === undefined ? undefined : identify(child.pid);
  if (started) {
    const server: TemporalServer = {
      process: started,
      address,
      uiUrl: `http://127.0.0.1:${ports.uiPort}`,
      stop: () => endProcess(started),
    };
    let ready = false;
    try {
      onSpawn?.(server);
      ready = (await answers(address, READY_WITHIN_MS, () => !ended.signal.aborted)) && !ended.signal.aborted;
      if (ready) return server;
    } finally {
      if (!ready) await endProcess(started);
    }
  }
  const how = ended.signal.aborted ? String(ended.signal.reason) : `It did not answer on ${address} in 30 s.`;
  return `${how} The end of its log, ${options.logFile}:\n${log.tail()}\n`;
}

/** Aborted, with the cause in words, when the process has ended or could not be started at all. */
function watch(child: ChildProcess): { readonly signal: AbortSignal } {
  const controller = new AbortController();
  child.once('error', (error) => controller.abort(`It could not be run: ${error.message}.`));
  child.once('exit', (code, signal) => {
    const status = code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
    controller.abort(`It ended with status ${status}.`);
  });
  return controller;
}

/** Appends; what `tail` shows is of this start only. */
function openLog(file: string): { fd: number; tail(): string } {
  try {
    const fd = openSync(file, 'a', 0o600);
    const before = fstatSync(fd).size;
    const written = () => readFileSync(file).subarray(before).toString('utf8').trimEnd();
    return { fd, tail: () => written().split('\n').slice(-TAIL_LINES).join('\n') };
  } catch (error) {
    throw new Problem('StateUnavailable', `The log ${file} cannot be written.`, {}, { cause: error });
  }
}
