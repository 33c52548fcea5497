/** The workers of the demonstration: real processes, so that one of them can really be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Problem } from '../../failures';
import { endProcess, identify, signal, type ProcessIdentity } from '../../host/process-identity';

const COMMAND = resolve(__dirname, '../../../bin/lifeboat');
const GRACE_SECONDS = 5;
const TAIL_LINES = 5;

export interface CrewOptions {
  readonly address: string;
  readonly stateDir: string;
  /** All workers write into it, one after the other. */
  readonly logFile: string;
  /** Called with each worker as soon as it runs. */
  readonly onStart: (worker: ProcessIdentity) => void;
}

export class Crew {
  #worker: ProcessIdentity | null = null;
  /** How a worker ended that should not have. */
  #lost: string | null = null;

  constructor(private readonly options: CrewOptions) {}

  /** Starts a worker; answers its pid. */
  start(): number {
    const { logFile, onStart } = this.options;
    const log = openSync(logFile, 'a', 0o600);
    let child: ChildProcess;
    try {
      child = spawn(process.execPath, [COMMAND, 'worker'], {
        // in a session of its own: Ctrl-C is for this process, which then ends the worker in order
        detached: true,
        stdio: ['ignore', log, log],
        env: this.#environment(),
      });
    } finally {
      closeSync(log);
    }
    const worker = child.pid === undefined ? undefined : identify(child.pid);
    if (!worker) throw new Problem('Unexpected', `The worker could not be started; see ${logFile}`);
    this.#worker = worker;
    child.once('exit', (code, name) => {
      if (this.#worker === worker)
        this.#lost = `Worker ${worker.pid} ended by itself (${name ?? `status ${code}`}).`;
    });
    onStart(worker);
    return worker.pid;
  }

  /** Kills the worker as the kernel does when memory runs out: it can do nothing about it. Answers its pid. */
  kill(): number {
    const worker = this.#worker;
    if (!worker) throw new Error('There is no worker to kill.');
    this.#worker = null;
    signal(worker, 'SIGKILL');
    return worker.pid;
  }

  /** @throws Problem `Unexpected` with the end of the log when the worker has ended by itself */
  expectAlive(): void {
    if (this.#lost === null) return;
    const tail = readFileSync(this.options.logFile, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-TAIL_LINES)
      .join('\n');
    throw new Problem('Unexpected', `${this.#lost} The end of its log, ${this.options.logFile}:\n${tail}\n`);
  }

  /** Ends the worker in order. Harmless when there is none. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker) await endProcess(worker, 2 * GRACE_SECONDS * 1000);
  }

  /** Nothing that this user has set for real work: no mails are sent, no other server is asked. */
  #environment(): NodeJS.ProcessEnv {
    const foreign = /^(LIFEBOAT|TEMPORAL)_/;
    const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
    return {
      ...Object.fromEntries(inherited),
      TEMPORAL_ADDRESS: this.options.address,
      LIFEBOAT_STATE_DIR: this.options.stateDir,
      // nothing of it waits for real work on this machine, nor the other way round
      LIFEBOAT_HOST: 'demo',
      LIFEBOAT_LOCK_DIR: join(this.options.stateDir, 'locks'),
      LIFEBOAT_SHUTDOWN_GRACE_SECONDS: String(GRACE_SECONDS),
    };
  }
}
