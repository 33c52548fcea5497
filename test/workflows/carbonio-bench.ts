/** A stand-in host, a worker that drives it, and a store with defects, for tests of the engine carbonio. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { blobPath, itemPath } from '../../src/backup-path/layout';
import type { Fault, Point } from '../../src/embedded/carbonio/faults';
import type { ExternalRestoreRequest } from '../../src/contracts/external-restore';
import type { externalRestore } from '../../src/workflows';
import { connect, spawnWorker, startRestore, type TestWorker } from '../e2e/harness';
import { CarbonioBench } from '../embedded/carbonio-kit';
import { replayAll } from '../replay/replay';
import { accountInfo, mail } from '../restore/store';

export class EngineBench extends CarbonioBench {
  readonly state = join(this.dir, 'state');
  readonly taskQueue = `carbonio-${Math.random().toString(36).slice(2)}`;
  client!: Client;
  /** More for the worker. */
  readonly more: Record<string, string> = {};
  worker!: TestWorker;
  private readonly ids: string[] = [];
  private gate = '';

  async open(): Promise<this> {
    await this.start();
    mkdirSync(this.state);
    this.client = await connect(process.env.LIFEBOAT_TEST_ADDRESS as string);
    this.startWorker();
    return this;
  }

  startWorker(): void {
    this.worker = spawnWorker({
      address: process.env.LIFEBOAT_TEST_ADDRESS as string,
      stateDir: this.state,
      taskQueue: this.taskQueue,
      // a worker that is killed between its journal and its call is waited for so long
      env: {
        ...this.up.env,
        LIFEBOAT_QUEUE_POLL_SECONDS: '1',
        LIFEBOAT_CARBONIO_TIMEOUT_SECONDS: '30',
        ...this.more,
      },
    });
  }

  /** A fault that keeps an operation of the host where it is until {@link letGo}. */
  held(operation: string, at: Point): Fault {
    this.gate = join(this.dir, `go-${Math.random().toString(36).slice(2)}`);
    return { kind: 'hold', operation, at, milliseconds: 120_000, until: this.gate, times: 1 };
  }

  letGo(): void {
    writeFileSync(this.gate, '');
  }

  async close(): Promise<void> {
    await this.worker.kill();
    await this.client.connection.close();
    await this.remove();
  }

  async begin(
    request: Partial<ExternalRestoreRequest> = {},
  ): Promise<WorkflowHandle<typeof externalRestore>> {
    const id = `engine-${Math.random().toString(36).slice(2)}`;
    this.ids.push(id);
    return startRestore(this.client, this.taskQueue, id, {
      sourcePath: this.source,
      engine: 'carbonio',
      ...request,
      // a killed worker is found out sooner
      advanced: { heartbeatSeconds: 3, ...request.advanced },
      carbonio: {
        pollSeconds: 0.3,
        settleSeconds: 8,
        graceSeconds: 2,
        batchAccounts: 2,
        // what is not about them need not wait for them
        pauseSchedules: 'never',
        ...request.carbonio,
      },
    });
  }

  /** What was begun since the last time. */
  async replay(): Promise<void> {
    for (const id of this.ids.splice(0)) await replayAll(this.client, id);
  }

  /** Names of what the host was asked to do, with how it ended; oldest first. */
  async restores(): Promise<string[]> {
    const ended = await this.json('core', 'getOperationLog');
    const cut = await this.json('core', 'getUnfinishedOperationLog');
    return [...cut.operationList, ...ended.operationList]
      .filter(({ name }) => name === 'ExternalRestore')
      .map(({ state }) => state);
  }

  messages(account: string, count: number, from = 300): void {
    for (let i = 0; i < count; i++) this.store.message(account, from + i, mail(`${account}-m${i}`));
  }

  /** Three accounts with mail, one of them with an item of each class, and a deleted one. */
  fill(): void {
    const { store } = this;
    const names = { a1: 'jane', a2: 'joe', a3: 'jim' };
    for (const [id, name] of Object.entries(names)) {
      store.writer.account(accountInfo(id, `${name}@example.com`));
      this.messages(id, 20);
    }
    store.writer.account(accountInfo('a4', 'gone@example.com', { status: 'deleted' }));
    this.messages('a4', 5);
    store.message('a1', 400, mail('deleted'), { deleted: true });
    store.dropBlob(store.message('a1', 401, mail('missing')));
    const at = (digest: string): string => join(store.root, blobPath(digest));
    truncateSync(at(store.message('a1', 402, mail('truncated'))), 40);
    writeFileSync(at(store.message('a1', 403, mail('another'))), gzipSync('another content'));
    store.message('a1', 404, mail('metadata'));
    writeFileSync(join(store.root, itemPath('a1', 404)), '[{"type":');
    store.message('a3', 405, mail('long', 'x'.repeat(20_000)));
  }
}

/** Every message of a folder of mailboxes: where it is, and what it is. */
export function mailboxes(root: string): string[] {
  const found: string[] = [];
  const walk = (dir: string): void => {
    for (const name of readdirSync(dir)) {
      const path = join(dir, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (/\/(cur|new)$/.test(dir)) {
        found.push(`${relative(root, dir)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`);
      }
    }
  };
  walk(root);
  return found.sort();
}
