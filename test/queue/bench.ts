/** A mail host for tests of its operation queue: a worker as a process, operations, and the log of who worked when. */
import { randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle, type WorkflowStartOptions } from '@temporalio/client';
import { bundleWorkflows } from '../../src/bundle';
import { queueIdOf, type AllOperations, type ListedOperation } from '../../src/contracts/operation-queue';
import { replayAll } from '../replay/replay';
import { until } from '../until';
import type { TestInput, testOperation } from './workflows';

export async function makeBundle(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'lifeboat-bundle-'));
  const { code } = await bundleWorkflows({
    workflows: join(__dirname, 'workflows.ts'),
    contracts: join(__dirname, '../../src/contracts'),
    preload: join(dir, 'preload.js'),
  });
  const file = join(dir, 'bundle.js');
  writeFileSync(file, code);
  return file;
}

export interface HostWorker {
  readonly process: ChildProcess;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export class QueueBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'lifeboat-queue-'));
  readonly log = join(this.folder, 'work.log');
  readonly host: string;
  readonly taskQueue: string;
  readonly queueId: string;
  private readonly workers: HostWorker[] = [];
  readonly started: string[] = [];
  client!: Client;

  constructor(
    readonly bundle: string,
    public address = process.env.LIFEBOAT_TEST_ADDRESS as string,
    readonly options: { host?: string; lockDir?: string; namespace?: string; log?: string } = {},
  ) {
    this.host = options.host ?? `host-${randomUUID().slice(0, 8)}`;
    this.taskQueue = `work-${this.host}`;
    this.queueId = queueIdOf(this.host);
    if (options.log) this.log = options.log;
  }

  async open(): Promise<this> {
    const connection = await Connection.connect({ address: this.address });
    this.client = new Client({
      connection,
      namespace: this.options.namespace ?? 'default',
      identity: 'tester',
    });
    return this;
  }

  get lockDir(): string {
    return this.options.lockDir ?? join(this.folder, 'locks');
  }

  get stateDir(): string {
    return join(this.folder, 'state');
  }

  /** Returns when it takes work. */
  async worker(env: NodeJS.ProcessEnv = {}): Promise<HostWorker> {
    mkdirSync(this.stateDir, { recursive: true });
    const log = openSync(join(this.folder, 'worker.log'), 'a');
    const child = spawn(process.execPath, [join(__dirname, 'worker.cjs')], {
      stdio: ['ignore', 'pipe', log],
      env: {
        ...process.env,
        TEMPORAL_ADDRESS: this.address,
        TEMPORAL_NAMESPACE: this.options.namespace ?? 'default',
        LIFEBOAT_STATE_DIR: this.stateDir,
        LIFEBOAT_LOCK_DIR: this.lockDir,
        LIFEBOAT_HOST: this.host,
        LIFEBOAT_TASK_QUEUE: this.taskQueue,
        LIFEBOAT_QUEUE_POLL_SECONDS: '1',
        LIFEBOAT_TEST_LOG: this.log,
        LIFEBOAT_TEST_BUNDLE: this.bundle,
        ...env,
      },
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    };
    const worker = { process: child, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
    this.workers.push(worker);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', () => resolve());
      void exited.then(() => reject(new Error(`The worker ended: ${this.workerLog()}`)));
    });
    return worker;
  }

  workerLog(): string {
    return readFileSync(join(this.folder, 'worker.log'), 'utf8').slice(-2000);
  }

  async start(
    id: string,
    input: TestInput,
    options: Pick<WorkflowStartOptions, 'workflowRunTimeout'> = {},
  ): Promise<WorkflowHandle<typeof testOperation>> {
    this.started.push(this.idOf(id));
    return this.client.workflow.start<typeof testOperation>('testOperation', {
      workflowId: this.idOf(id),
      taskQueue: this.taskQueue,
      args: [input],
      ...options,
    });
  }

  idOf(name: string): string {
    return `${name}@${this.host}`;
  }

  handle(name: string): WorkflowHandle {
    return this.client.workflow.getHandle(this.idOf(name));
  }

  queue(): WorkflowHandle {
    return this.client.workflow.getHandle(this.queueId);
  }

  async operations(): Promise<readonly ListedOperation[]> {
    const { operations } = await this.queue().query<AllOperations>('getAllOperations');
    return operations.map((one) => ({ ...one, id: one.id.replace(`@${this.host}`, '') }));
  }

  /** `a running, b queued` */
  async shown(): Promise<string> {
    return (await this.operations()).map(({ id, state }) => `${id} ${state}`).join(', ');
  }

  /** An operation that works until the test lets it go: however slow the machine is, it still works till then. */
  held(id: string, more: Partial<TestInput> = {}): TestInput {
    return { ms: 120_000, until: join(this.folder, `go-${id}`), ...more };
  }

  letGo(id: string): void {
    writeFileSync(join(this.folder, `go-${id}`), '');
  }

  async until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 90_000): Promise<void> {
    await until(isSo, () => `not so: ${what}. ${this.workerLog()}`, withinMs);
  }

  /** Starts operations one after the other, each in the queue before the next is started. */
  async line(inputs: Readonly<Record<string, TestInput>>): Promise<void> {
    for (const [id, input] of Object.entries(inputs)) {
      await this.start(id, input);
      const isThere = async (): Promise<boolean> => {
        const there = await this.operations().catch(() => []);
        return there.some((one) => one.id === id);
      };
      await this.until(`${id} is in the queue`, isThere);
    }
  }

  lines(): { at: number; id: string; what: string; pid: number }[] {
    if (!existsSync(this.log)) return [];
    return readFileSync(this.log, 'utf8')
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [at, id = '', what = '', pid] = line.split(' ');
        return { at: Number(at), id: id.replace(`@${this.host}`, ''), what, pid: Number(pid) };
      });
  }

  /** For whom this process worked. */
  linesOf(pid: number | undefined): string[] {
    return this.lines()
      .filter((line) => line.pid === pid)
      .map(({ id }) => id);
  }

  works(id: string): boolean {
    return this.lines().some((line) => line.id === id);
  }

  /** Who worked, in order; one that works again after another one is there twice. */
  groups(): string[] {
    return this.lines()
      .map(({ id }) => id)
      .filter((id, at, all) => id !== all[at - 1]);
  }

  /** Which two different operations worked at the same time; none, it should be. */
  overlaps(): string[] {
    const found: string[] = [];
    const working: string[] = [];
    for (const { id, what } of this.lines()) {
      if (what === 'start') {
        found.push(...working.filter((other) => other !== id).map((other) => `${other} and ${id}`));
        working.push(id);
      }
      if (what === 'end') working.splice(working.indexOf(id), 1);
    }
    return found;
  }

  async reset(workflowId: string, eventId: number): Promise<void> {
    const { runId } = await this.client.workflow.getHandle(workflowId).describe();
    await this.client.workflow.workflowService.resetWorkflowExecution({
      namespace: this.client.options.namespace,
      workflowExecution: { workflowId, runId },
      reason: 'test',
      workflowTaskFinishEventId: eventId as never,
      requestId: `${workflowId}-${runId}`,
    });
  }

  async idle(): Promise<void> {
    await this.until('the queue is empty', async () => (await this.operations()).length === 0);
  }

  /** Every history that was made here, that of the queue too. */
  async replay(): Promise<void> {
    for (const id of [...this.started, this.queueId]) await replayAll(this.client, id, this.bundle);
  }

  async close(): Promise<void> {
    for (const worker of this.workers) await worker.kill();
    await this.client.connection.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
