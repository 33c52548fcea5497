/** A stand-in host with a copy of its own Backup Path, and restores from that copy. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { sleep } from '../e2e/harness';
import { mail } from '../restore/store';
import { EngineBench } from '../workflows/carbonio-bench';
import { answer, beginRunbook, settingsOf, untilAsked } from './person';

export class CopyGround {
  readonly bench = new EngineBench();
  readonly copy = join(this.bench.dir, 'copy');
  /** Path, scanner and schedules, as they are when nothing is changed. */
  before: string[] = [];

  /** The host has joe@example.com with 20 messages; the copy also has gone@example.com, which was deleted. */
  async open(): Promise<this> {
    const { bench, copy } = this;
    bench.fill();
    await bench.open();
    await bench.carbonio('--sync', 'backup', 'doExternalRestore', bench.source, 'accounts', 'a2');
    await bench.carbonio('prov', 'ca', 'gone@example.com', 'x');
    await bench.deliver('gone@example.com', mail('before it went'));
    await bench.carbonio('--sync', 'backup', 'doSmartScan', 'start');
    await bench.carbonio('prov', 'da', 'gone@example.com');
    await bench.carbonio('--sync', 'backup', 'doSmartScan', 'start');
    this.before = await this.settings();
    cpSync(bench.up.places.backup, copy, { recursive: true });
    return this;
  }

  settings(): Promise<string[]> {
    return settingsOf(this.bench);
  }

  /** Whether the host has something to do. */
  works = async (): Promise<boolean> =>
    (await this.bench.json('backup', 'getAllOperations')).operationList.length > 0;

  async untilBack(): Promise<void> {
    while (JSON.stringify(await this.settings()) !== JSON.stringify(this.before)) await sleep(200);
  }

  begin(destinationAccount: string, request: object = {}): Promise<WorkflowHandle> {
    return beginRunbook(this.bench, 'sameServerRestore', {
      copyPath: this.copy,
      accounts: [{ account: 'joe@example.com', destinationAccount }],
      ...request,
    });
  }

  /** Agrees to what will be changed, too. */
  async begun(destinationAccount: string, request: object = {}): Promise<WorkflowHandle> {
    const handle = await this.begin(destinationAccount, request);
    await untilAsked(handle, 'confirm');
    await answer(handle, 'approve', 'confirm');
    return handle;
  }
}
