/**
 * 3. and 4. What Temporal costs, and how much memory the worker needs: an embedded server with its ordinary settings, a
 * real worker process, and the workflow `externalRestore`.
 *
 * The share of Temporal is taken from the workflow's own history: of the time from its start to its end, the part in
 * which no step was running, on any lane. That leaves out what Temporal takes of the processors while steps run
 * (heartbeats, the idle server), so the processor time of the server is told beside it, as a share of all.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { built, remove, root, settle, THREADS } from './common.mjs';

const { Client, Connection } = createRequire(import.meta.url)('@temporalio/client');
const { startServer } = built('embedded/temporal-server.js');

const QUEUE = 'bench';
const CLOCK_TICKS = 100;

/** Processor seconds of a process so far. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

/** Bytes, by the names of /proc/<pid>/status. */
function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const value = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { peak: value('VmHWM'), anonymous: value('RssAnon') };
}

export class TemporalBench {
  /** Starts the server. Call `stop` in any case. */
  static async start(folder) {
    const server = await startServer({
      dbFile: join(folder, 'temporal.db'),
      logFile: join(folder, 'temporal.log'),
    });
    const bench = new TemporalBench(folder, server);
    try {
      bench.connection = await Connection.connect({ address: server.address });
      return bench;
    } catch (error) {
      await bench.stop();
      throw error;
    }
  }

  constructor(folder, server) {
    this.folder = folder;
    this.server = server;
    this.runs = 0;
  }

  async stop() {
    await this.connection?.close();
    await this.server.stop();
  }

  /** One restore by a worker of its own. Without a target, into a Maildir. */
  async restore(store, target = null, secretsDir = null) {
    const name = `restore-${++this.runs}`;
    const stateDir = join(this.folder, name);
    mkdirSync(stateDir);
    settle();
    const worker = this.startWorker(stateDir, secretsDir);
    try {
      const url = target ?? `maildir:${join(stateDir, 'mail')}`;
      return await this.measure(name, url, store, worker.process.pid);
    } finally {
      await worker.stop();
      remove(stateDir);
    }
  }

  startWorker(stateDir, secretsDir) {
    const log = openSync(join(this.folder, 'worker.log'), 'a');
    const child = spawn(process.execPath, [join(root, 'bin/lifeboat'), 'worker'], {
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        TEMPORAL_ADDRESS: this.server.address,
        LIFEBOAT_STATE_DIR: stateDir,
        LIFEBOAT_TASK_QUEUE: QUEUE,
        LIFEBOAT_HOST: 'bench',
        LIFEBOAT_LOCK_DIR: join(this.folder, 'locks'),
        ...(secretsDir === null ? {} : { LIFEBOAT_SECRETS_DIR: secretsDir }),
      },
    });
    closeSync(log);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    return {
      process: child,
      stop: async () => {
        if (child.exitCode === null) child.kill('SIGTERM');
        await ended;
      },
    };
  }

  async measure(workflowId, target, store, workerPid) {
    const client = new Client({ connection: this.connection });
    await this.warmUp(client, workflowId);
    const pids = [this.server.process.pid, workerPid];
    const before = pids.map(cpuSeconds);
    let anonymous = 0;
    const watch = setInterval(() => (anonymous = Math.max(anonymous, memoryOf(workerPid).anonymous)), 50);
    try {
      const input = {
        sourcePath: store.root,
        target,
        concurrentAccounts: THREADS,
      };
      const handle = await client.workflow.start('externalRestore', {
        workflowId,
        taskQueue: QUEUE,
        args: [input],
      });
      const result = await handle.result();
      if (result.restored !== store.list.length) throw new Error(`only ${result.restored} were restored`);
      const [server, worker] = pids.map((pid, at) => cpuSeconds(pid) - before[at]);
      return {
        items: store.list.length,
        ...gaps(await handle.fetchHistory()),
        cpu: { server, worker, serverShare: server / (server + worker) },
        memory: { peak: memoryOf(workerPid).peak, anonymous },
      };
    } finally {
      clearInterval(watch);
    }
  }

  /**
   * The worker's start is not what is measured: a site's worker runs all the time. An input that is refused shows that
   * this one has started, and makes it load the workflows.
   */
  async warmUp(client, workflowId) {
    const options = { workflowId: `${workflowId}-warm-up`, taskQueue: QUEUE, args: [{}] };
    await client.workflow.execute('externalRestore', options).then(
      () => {
        throw new Error('an empty input was not refused');
      },
      () => undefined,
    );
  }
}

const milliseconds = ({ seconds, nanos }) => Number(seconds) * 1000 + (nanos ?? 0) / 1e6;

/** How long a workflow took, and for how long of that no activity ran. */
export function gaps({ events }) {
  const began = milliseconds(events[0].eventTime);
  const ended = milliseconds(events.at(-1).eventTime);
  const started = new Map();
  const spans = [];
  let steps = 0;
  for (const event of events) {
    const at = milliseconds(event.eventTime);
    if (event.activityTaskStartedEventAttributes) started.set(Number(event.eventId), at);
    const close =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes;
    if (!close) continue;
    steps++;
    spans.push([started.get(Number(close.startedEventId)), at]);
  }
  spans.sort(([a], [b]) => a - b);
  const pauses = [];
  let until = began;
  for (const [from, to] of [...spans, [ended, ended]]) {
    if (from > until) pauses.push(from - until);
    until = Math.max(until, to);
  }
  const wall = ended - began;
  return {
    seconds: wall / 1000,
    steps,
    events: events.length,
    temporalShare: pauses.reduce((sum, pause) => sum + pause, 0) / wall,
    longestPause: Math.max(...pauses) / 1000,
  };
}
