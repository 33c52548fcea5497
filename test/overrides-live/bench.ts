/** A mail host (the stand-in), a worker of it, and the change of its validator, for tests of what puts the change back. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { ValidatorOverrideRequest, ValidatorOverrideStatus } from '../../src/contracts/override';
import type { Fault } from '../../src/embedded/carbonio/faults';
import { CarbonioBench } from '../embedded/carbonio-kit';
import { replayAll } from '../replay/replay';
import { QueueBench, type HostWorker } from '../queue/bench';

export const VALIDATE = 'zimbra_lmtp_validate_messages';
export const LIMIT = 'zimbra_lmtp_max_line_length';
const MAILBOX = 'probe@example.com';

/** For those who need no workflow but the product's own. */
export const BUILT_BUNDLE = resolve(__dirname, '../../dist/workflow-bundle.js');

export class OverrideBench {
  readonly carbonio = new CarbonioBench();
  readonly temporal: QueueBench;

  constructor(bundle: string, address?: string) {
    this.temporal = new QueueBench(bundle, address);
  }

  async open(variant: 'java' | 'go' = 'java'): Promise<this> {
    await this.temporal.open();
    await this.carbonio.start({ variant });
    await this.carbonio.carbonio('prov', 'ca', MAILBOX, 'x');
    return this;
  }

  get journal(): string {
    return join(this.temporal.folder, 'journal');
  }

  get env(): Record<string, string> {
    return {
      ...this.carbonio.up.env,
      LIFEBOAT_JOURNAL_DIR: this.journal,
      LIFEBOAT_LOCK_DIR: this.temporal.lockDir,
      LIFEBOAT_PROBE_RECIPIENT: MAILBOX,
    };
  }

  worker(): Promise<HostWorker> {
    return this.temporal.worker(this.env);
  }

  /** What the key is before anything is changed; undefined: not set. */
  async has(key: string, value: string | undefined): Promise<void> {
    if (value !== undefined) await this.carbonio.zmlocalconfig('-e', `${key}=${value}`);
    else await this.carbonio.zmlocalconfig('-u', key);
    await this.reload();
  }

  async reload(): Promise<void> {
    await this.carbonio.zmlocalconfig('--reload');
  }

  /** As the file has it. The Java tool removes it before it puts the new one there, so it may be missing for a moment. */
  written(key: string): string | undefined {
    const file = this.env['LIFEBOAT_LOCALCONFIG_FILE'] ?? '';
    for (let tries = 0; !existsSync(file) && tries < 1000; tries++)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    const xml = readFileSync(file, 'utf8');
    return new RegExp(`<key name="${key}">\\s*<value>([^<]*)</value>`).exec(xml)?.[1];
  }

  /** Whether the running server takes a line of so many bytes. */
  async takes(bytes: number): Promise<boolean> {
    const message = `Message-ID: <${Math.random()}@test>\r\nSubject: look\r\n\r\n${'x'.repeat(bytes)}`;
    return (await this.carbonio.deliver(MAILBOX, message)).startsWith('250');
  }

  async start(id: string, input: ValidatorOverrideRequest, timeout?: number): Promise<WorkflowHandle> {
    this.temporal.started.push(this.temporal.idOf(id));
    return this.temporal.client.workflow.start('validatorOverride', {
      workflowId: this.temporal.idOf(id),
      taskQueue: this.temporal.taskQueue,
      args: [input],
      ...(timeout === undefined ? {} : { workflowRunTimeout: timeout }),
    });
  }

  async phase(handle: WorkflowHandle): Promise<string> {
    return handle.query<ValidatorOverrideStatus>('status').then(
      ({ phase }) => phase,
      () => 'unknown',
    );
  }

  async changed(handle: WorkflowHandle): Promise<void> {
    await this.temporal.until('the change is proved', async () => (await this.phase(handle)) === 'changed');
  }

  private gates = 0;

  /** What this fault holds stays where it is until the gate is opened. */
  gate(fault: { kind: 'slow'; command: string } | { kind: 'hold'; operation: string; at: 'items' }): Gate {
    const until = join(this.carbonio.dir, `gate-${this.gates++}`);
    this.carbonio.up.setFaults([{ ...fault, milliseconds: 300_000, until, times: 1 }]);
    return {
      open: () => writeFileSync(until, ''),
      reached: () =>
        this.temporal.until(`${JSON.stringify(fault)} is reached`, () => {
          const [left] = JSON.parse(readFileSync(this.carbonio.up.places.faults, 'utf8')) as Fault[];
          return left !== undefined && left.times === 0;
        }),
    };
  }

  get isJournalled(): boolean {
    return existsSync(join(this.journal, 'lmtp-validator.json'));
  }

  /** Nothing on record any more, and every guard has ended. */
  async settled(): Promise<void> {
    await this.temporal.until('nothing is on record', () => !this.isJournalled, 60_000);
  }

  async guardOf(handle: WorkflowHandle): Promise<WorkflowHandle> {
    const { raw } = await handle.describe();
    const first = raw.workflowExecutionInfo?.firstRunId ?? '';
    return this.temporal.client.workflow.getHandle(
      `override-guard/lmtp-validator/${handle.workflowId}/${first}`,
    );
  }

  /** Every history that was made here, those of the guards too. */
  async replay(): Promise<void> {
    const { client, bundle, started } = this.temporal;
    for (const id of started) {
      await replayAll(client, id, bundle);
      const guard = await this.guardOf(client.workflow.getHandle(id));
      await replayAll(client, guard.workflowId, bundle);
    }
    started.length = 0;
  }

  async close(): Promise<void> {
    await this.temporal.close();
    await this.carbonio.remove();
  }
}

export interface Gate {
  open(): void;
  /** Waits until somebody stands before it. */
  reached(): Promise<void>;
}
